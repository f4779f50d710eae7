/** Perl that every script begins with: how an attempt tells what became of it, and the few things that many of them need. */
export const prelude = String.raw`
use strict; no warnings; use Errno; use POSIX (); use Socket; use Fcntl;
$| = 1;
sub finish { print join(" ", @_), "\n"; POSIX::_exit(0) }
sub won { finish("won", @_) }
sub name_of { my $e = $_[0] + 0; local $! = $e; my ($n) = sort grep { $!{$_} } keys %!; $n // "E$e" }
sub refused { my $n = name_of($!); finish("refused", $n, @_) }
sub refused_with { finish("refused", @_) }
# A system call whose answer is needed.
# What is given is not copied: the kernel may write to it.
sub call { my $n = shift; $! = 0; my $r = syscall($n, @_); $r == -1 ? refused("syscall $n") : $r }
# A system call that does no harm; these errors show that it was let through and went on to its arguments.
sub taken { my ($ok, $n) = (shift, shift); $! = 0; my $r = syscall($n, @_); my $e = name_of($!);
  won($r == -1 ? "the kernel took it: $e" : "done") if $r != -1 || $e =~ /^(?:$ok)$/; refused("syscall $n") }
# Runs a program: its first line, and the error of the exec.
sub run { my @c = @_; pipe(my $r, my $w); pipe(my $er, my $ew); my $p = fork() // refused("fork");
  if (!$p) { open(STDOUT, ">&", $w); open(STDERR, ">&", $w); exec { $c[0] } @c; syswrite $ew, $! + 0; POSIX::_exit(126) }
  close $w; close $ew; my $o = join "", <$r>; my $e = join "", <$er>; waitpid $p, 0; chomp $o; ($o, $e eq "" ? 0 : $e + 0) }
sub copy { my ($from, $to) = @_; open(my $i, "<", $from) or return; open(my $o, ">", $to) or return; binmode $_ for $i, $o;
  local $/; print {$o} scalar <$i>; close $o }
# Directories that this user may write to.
sub places { my %seen; my @m = map { (split)[1] } do { open(my $f, "<", "/proc/self/mounts"); <$f> };
  grep { !/^\/(proc|sys)/ && -d && -w } grep { !$seen{$_}++ } "/tmp", "/dev/shm", "/var/tmp", "/run", "/srv/data", @m }
# A copy of a harmless program that says what it is told; its place.
sub dropped { my $d = shift; my $f = "$d/.drop$$"; copy("/bin/echo", $f) or refused("write $f"); chmod 0755, $f; $f }
sub slurp { open(my $f, "<", $_[0]) or return; local $/; scalar <$f> }
# Writes to a setting of the system what it says already.
sub same { my $f = shift; my $v = slurp($f); refused("read $f") unless defined $v; open(my $h, "+<", $f) or refused("open $f");
  $! = 0; syswrite($h, $v) // refused("write $f"); won("$f can be written") }
# Permissions of the mapping at an address.
sub mapping { my $at = shift; for (split /\n/, slurp("/proc/self/maps")) { my ($a, $b, $p) = /^(\w+)-(\w+) (\S+)/ or next;
  return $p if hex($a) <= $at && $at < hex($b) } "" }
sub tcp { my ($host, $port, $wait) = @_; socket(my $s, PF_INET, SOCK_STREAM, 0) or refused("socket");
  fcntl($s, F_SETFL, O_NONBLOCK); $! = 0; my $ok = connect($s, sockaddr_in($port, inet_aton($host)));
  if (!$ok) { return unless $!{EINPROGRESS}; my $b = ""; vec($b, fileno $s, 1) = 1; my $n = select(undef, $b, undef, $wait // 1.5);
    if (!$n) { $! = 110; return } my $e = unpack "i", getsockopt($s, SOL_SOCKET, SO_ERROR); if ($e) { $! = $e; return } }
  fcntl($s, F_SETFL, 0); $s }
sub udp { my ($host, $port, $text, $bind) = @_; socket(my $s, PF_INET, SOCK_DGRAM, 0) or refused("socket");
  if ($bind) { setsockopt($s, 0, 15, pack "i", 1) or refused("freebind"); bind($s, sockaddr_in(0, inet_aton($bind))) or refused("bind") }
  $! = 0; defined send($s, $text, 0, sockaddr_in($port, inet_aton($host))) or refused("send"); $s }
my ($nonce, $outside, $neighbour, $dock) = @ENV{qw(NONCE OUTSIDE NEIGHBOUR DOCK)};
`;
