# Puts a process of the host's root into an ISC, with chosen faults: what verify must see. Prints the new process's pid.
#   join-isc.pl PID UIDBASE CGROUP_PROCS,... [--no-nnp] [--no-seccomp] [--bounding=N] [--own-net] [--own-user] [--map-rwx] [--no-login] [-- PROGRAM ARG...]
# Without a program it stays what it is: the host's perl. Perl, because it is on every Debian machine and has syscall().
use strict;
use warnings;

my ($pid, $base, $cgroups, @rest) = @ARGV;
my %fault;
while (@rest) {
  my $word = shift @rest;
  last if $word eq '--';
  $word =~ /^--([a-z-]+)(?:=(\d+))?$/ or die "unknown option $word\n";
  $fault{$1} = defined $2 ? $2 : 1;
}
my @program = @rest;

my $is_arm = `uname -m` =~ /aarch64/;
my %number = $is_arm
  ? (setns => 268, prctl => 167, unshare => 97, capset => 91, setgroups => 159, setresuid => 147, setresgid => 149, mmap => 222)
  : (setns => 308, prctl => 157, unshare => 272, capset => 126, setgroups => 116, setresuid => 117, setresgid => 119, mmap => 9);
my ($user, $group) = (33, 33);

sub call { my ($name, @arguments) = @_; my $result = syscall($number{$name}, @arguments); die "$name: $!\n" if $result == -1; return $result; }

# The middle process joins; only its child is in the pid namespace. The middle one must be gone before verify looks.
my $middle = fork;
die "fork: $!\n" unless defined $middle;
if ($middle) { waitpid $middle, 0; exit($? >> 8); }

for my $file (split /,/, $cgroups) { open my $out, '>', $file or die "$file: $!\n"; print {$out} "$$\n" or die; close $out or die "$file: $!\n"; }
# The login id of an ISC's processes is its own; inherited by the child.
if (!$fault{'no-login'} && open my $own, '<', "/proc/$pid/loginuid") {
  my $login = <$own>;
  if (open my $out, '>', '/proc/self/loginuid') { print {$out} $login; close $out; }
}
my @kinds = grep { !($_ eq 'net' && $fault{'own-net'}) && !($_ eq 'user' && $fault{'own-user'}) } qw(cgroup ipc uts net pid mnt user);
my %handle;
for my $kind (@kinds) { open $handle{$kind}, '<', "/proc/$pid/ns/$kind" or die "$kind: $!\n"; }
$| = 1;
open STDIN, '<', '/dev/null';
# The user namespace last: in it there is no right left to join the others.
for my $kind (@kinds) { call('setns', fileno $handle{$kind}, 0); }
close $_ for values %handle;
chdir '/';

my $leaf = fork;
die "fork: $!\n" unless defined $leaf;
if ($leaf) { print "$leaf\n"; exit 0; }
open STDOUT, '>&', \*STDIN;
open STDERR, '>&', \*STDIN;

call('setgroups', 0, 0);
if ($fault{'own-user'}) {
  my ($uid, $gid) = ($base + $user, $base + $group);
  call('setresgid', $gid, $gid, $gid);
  call('setresuid', $uid, $uid, $uid);
  call('unshare', 0x10000000);
}
if (!$fault{'no-nnp'}) { call('prctl', 38, 1, 0, 0, 0); }
if (!$fault{'no-seccomp'}) {
  my $allow = pack 'SCCL', 0x06, 0, 0, 0x7fff0000;
  my $filter = pack 'Sx!8P', 1, $allow;
  call('prctl', 22, 2, $filter, 0, 0);
}
for my $capability (0 .. 63) {
  next if defined $fault{bounding} && $fault{bounding} == $capability;
  syscall($number{prctl}, 24, $capability, 0, 0, 0);
}
if (!$fault{'own-user'}) {
  call('setresgid', $group, $group, $group);
  call('setresuid', $user, $user, $user);
}
call('capset', pack('LL', 0x20080522, 0), pack('L6', 0, 0, 0, 0, 0, 0));
if ($fault{'map-rwx'}) { call('mmap', 0, 4096, 7, 0x22, -1, 0); }
if (@program) { exec { $program[0] } @program or exit 127; }
select undef, undef, undef, 600;
