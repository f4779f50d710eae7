/** Code that comes to run without being a program: in one's own memory, or in another's. */
import { perl, type Technique } from "../technique.ts";

const service = ["service"] as const;
/** A child that waits, as somebody else's process. */
const child = perl`my $p = fork() // refused("fork"); if (!$p) { sleep 5; POSIX::_exit(0) } `;

export const memory: readonly Technique[] = [
  {
    id: "map-write-execute",
    title: "memory that is writable and executable at once",
    attack: "T1055",
    roles: service,
    script: perl`my $a = call(9, 0, 4096, 7, 0x22, -1, 0); won(mapping($a))`,
    control: "user",
    layer: "seccomp (write xor execute)",
    expect: "prevented",
  },
  {
    id: "protect-execute",
    title: "write code into memory, then make that memory executable",
    attack: "T1055",
    roles: service,
    script: perl`my $a = call(9, 0, 4096, 3, 0x22, -1, 0); call(10, $a, 4096, 5); mapping($a) =~ /x/ ? won(mapping($a)) : refused_with("UNCHANGED")`,
    control: "user",
    layer: "seccomp (write xor execute)",
    expect: "prevented",
  },
  {
    id: "pkey-protect-execute",
    title: "the same through pkey_mprotect",
    attack: "T1055",
    roles: service,
    script: perl`my $a = call(9, 0, 4096, 3, 0x22, -1, 0); call(329, $a, 4096, 5, -1); mapping($a) =~ /x/ ? won(mapping($a)) : refused_with("UNCHANGED")`,
    control: "user",
    layer: "seccomp (write xor execute)",
    expect: "prevented",
  },
  {
    id: "shared-memory-execute",
    title: "executable System V shared memory",
    attack: "T1055",
    roles: service,
    script: perl`my $i = call(29, 0, 4096, 01700); $! = 0; my $a = syscall(30, $i, 0, 0100000); my $e = $!; syscall(31, $i, 0, 0); $! = $e;
      $a == -1 ? refused("shmat") : won(mapping($a))`,
    control: "user",
    layer: "seccomp (write xor execute)",
    expect: "prevented",
  },
  {
    id: "personality-execute",
    title: "a personality in which all that is readable is executable",
    attack: "T1055",
    roles: service,
    script: perl`call(135, 0x0400000); my $a = call(9, 0, 4096, 3, 0x22, -1, 0); mapping($a) =~ /x/ ? won(mapping($a)) : refused_with("UNCHANGED")`,
    control: "user",
    layer: "seccomp (personality)",
    expect: "prevented",
  },
  {
    id: "map-dropped-code",
    title: "map a dropped file as code",
    attack: "T1055",
    roles: service,
    script: perl`my $f = dropped("/tmp"); open(my $h, "<", $f); unlink $f; my $a = call(9, 0, 4096, 5, 2, fileno($h), 0); won(mapping($a))`,
    control: "user",
    layer: "noexec mounts",
    expect: "prevented",
  },
  {
    id: "overwrite-own-code",
    title: "write over one's own code through /proc/self/mem, past all page protections, and live on",
    attack: "T1055.009",
    roles: service,
    script: perl`my ($a) = map { /^(\w+)-\w+ r-xp .*perl/ ? hex $1 : () } split /\n/, slurp("/proc/self/maps"); open(my $h, "+<", "/proc/self/mem") or refused("open");
      sysseek($h, $a, 0); my $b; sysread($h, $b, 16); sysseek($h, $a, 0); $! = 0; defined syswrite($h, $b) or refused("write");
      my ($m) = slurp("/proc/self/smaps") =~ /^(\w+-\w+ r-xp .*perl.*?)^VmFlags/ms; my ($d) = $m =~ /Private_Dirty:\s+(\d+)/; $d or refused_with("CLEAN");
      my $p = fork() // refused("fork"); if (!$p) { POSIX::setsid(); close STDOUT; close STDERR; sleep 9; POSIX::_exit(0) } won("$d kB of code are its own now")`,
    control: "user",
    layer: "integrity: wx, by the page tables; the kernel's proc_mem.force_override would prevent it",
    expect: "reverted",
  },
  {
    id: "trace-me",
    title: "be traced (ptrace TRACEME)",
    attack: "T1055.008",
    roles: service,
    script: perl`taken("", 101, 0, 0, 0, 0)`,
    control: "user",
    layer: "seccomp",
    expect: "prevented",
  },
  {
    id: "trace-process",
    title: "attach to another process (ptrace ATTACH)",
    attack: "T1055.008",
    roles: ["service", "mistake"],
    script: perl`${child}$! = 0; my $r = syscall(101, 16, $p, 0, 0); my $e = $!; kill 9, $p; $! = $e; $r == 0 ? won() : refused("ptrace")`,
    control: "root",
    layer: "seccomp",
    expect: "prevented",
    mistaken: "missed",
  },
  {
    id: "read-process-memory",
    title: "read another process's memory (process_vm_readv)",
    attack: "T1003.007",
    roles: service,
    script: perl`${child}my $t = "secret-$nonce"; my $b = "\0" x length $t; my $l = pack("QQ", unpack("Q", pack("p", $b)), length $t); my $r = pack("QQ", unpack("Q", pack("p", $t)), length $t);
      $! = 0; my $n = syscall(310, $p, $l, 1, $r, 1, 0); my $e = $!; kill 9, $p; $! = $e; $n > 0 ? won("$n bytes") : refused("process_vm_readv")`,
    control: "root",
    layer: "seccomp",
    expect: "prevented",
  },
  {
    id: "write-process-memory",
    title: "write another process's memory (process_vm_writev)",
    attack: "T1055",
    roles: service,
    script: perl`${child}my $t = "secret-$nonce"; my $v = pack("QQ", unpack("Q", pack("p", $t)), length $t); my $w = $v;
      $! = 0; my $n = syscall(311, $p, $v, 1, $w, 1, 0); my $e = $!; kill 9, $p; $! = $e; $n > 0 ? won("$n bytes") : refused("process_vm_writev")`,
    control: "root",
    layer: "seccomp",
    expect: "prevented",
  },
  {
    id: "service-memory",
    title: "read the service's memory through /proc/PID/mem",
    attack: "T1003.007",
    roles: service,
    script: perl`my @p = grep { $_ != $$ && $_ != getppid() && (stat "/proc/$_")[4] == $> } map { m{/proc/(\d+)$} } glob "/proc/[0-9]*"; refused_with("NOBODY") unless @p;
      for my $p (reverse @p) { $! = 0; my $m = slurp("/proc/$p/maps") or next; my ($a) = $m =~ /^(\w+)-\w+ r/m; open(my $h, "<", "/proc/$p/mem") or next;
      sysseek($h, hex $a, 0); my $b; won("4 bytes of process $p") if sysread($h, $b, 4) } refused("open")`,
    control: "root",
    layer: "none: processes of one user trust each other",
    expect: "missed",
  },
  {
    id: "take-descriptor",
    title: "take an open file out of another process (pidfd_getfd)",
    attack: "T1055",
    roles: service,
    script: perl`${child}my $f = call(434, $p, 0); $! = 0; my $n = syscall(438, $f, 0, 0); my $e = $!; kill 9, $p; $! = $e; $n >= 0 ? won() : refused("pidfd_getfd")`,
    control: "root",
    layer: "seccomp",
    expect: "prevented",
  },
];
