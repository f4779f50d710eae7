/** Doors into the kernel. Every call is one that does nothing even where it is let through: wrong magic, garbage, or the value that is there. */
import { perl, type Role, type Technique } from "../technique.ts";

interface Door {
  readonly id: string;
  readonly title: string;
  readonly attack: string;
  readonly script: string;
  readonly roles?: readonly Role[];
  readonly control?: Technique["control"];
  readonly layer?: string;
  readonly expect?: Technique["expect"];
}

const all = ["service", "mistake"] as const;

const doors: readonly Door[] = [
  {
    id: "io-uring",
    title: "io_uring, which goes past filters of system calls",
    attack: "T1562",
    script: perl`my $p = "\0" x 120; taken("", 425, 1, $p)`,
    control: "user",
  },
  { id: "userfaultfd", title: "userfaultfd, which makes races sure", attack: "T1068", script: "taken('', 323, 1)", control: "user" },
  { id: "keyring", title: "the session's keyring (keyctl)", attack: "T1555", script: "taken('', 250, 0, -3, 0)", control: "user" },
  {
    id: "add-key",
    title: "put a key into a keyring, which fills kernel memory",
    attack: "T1068",
    script: perl`my ($t, $d, $v) = ("user", "attack", "x"); taken("", 248, $t, $d, $v, 1, -3)`,
    control: "user",
  },
  {
    id: "bpf",
    title: "load or look at BPF programs",
    attack: "T1014",
    script: perl`my $a = "\0" x 128; taken("ENOENT|EINVAL", 321, 11, $a, 128)`,
    roles: all,
  },
  {
    id: "perf",
    title: "performance counters of the kernel",
    attack: "T1068",
    script: perl`my $a = pack("LLQ", 1, 128, 0) . "\0" x 112; taken("ENOENT|EOPNOTSUPP", 298, $a, 0, -1, -1, 0)`,
    roles: all,
  },
  {
    id: "load-module",
    title: "load a kernel module",
    attack: "T1547.006",
    script: perl`my ($m, $o) = ("x", ""); taken("ENOEXEC", 175, $m, 1, $o)`,
    roles: all,
  },
  {
    id: "load-module-file",
    title: "load a kernel module from a file",
    attack: "T1547.006",
    script: perl`my $o = ""; taken("EBADF|EINVAL", 313, -1, $o, 0)`,
    roles: all,
  },
  { id: "kexec", title: "load another kernel", attack: "T1014", script: "taken('EINVAL', 246, 0, 0, 0, 0x7fff0000)", roles: all },
  {
    id: "reboot",
    title: "reboot the machine (with a wrong magic number)",
    attack: "T1529",
    script: "taken('EINVAL', 169, 0, 0, 0, 0)",
    roles: all,
  },
  {
    id: "swap",
    title: "swap to a file of one's own",
    attack: "T1003",
    script: perl`my $f = "/nowhere/swap"; taken("ENOENT", 167, $f, 0)`,
    roles: all,
  },
  {
    id: "accounting",
    title: "have the kernel write to a file of one's own (acct)",
    attack: "T1565",
    script: perl`my $f = "/nowhere/acct"; taken("ENOENT", 163, $f)`,
    roles: all,
  },
  { id: "io-ports", title: "the machine's input and output ports (iopl)", attack: "T1068", script: "taken('', 172, 3)", roles: all },
  { id: "kernel-log", title: "read the kernel's log", attack: "T1082", script: "taken('', 103, 10, 0, 0)", roles: all },
  { id: "set-clock", title: "set the clock (with no value)", attack: "T1070.006", script: "taken('', 164, 0, 0)", roles: all },
  {
    id: "tune-clock",
    title: "tune the clock's frequency (to what it is)",
    attack: "T1070.006",
    script: perl`my $t = "\0" x 256; call(159, $t); substr($t, 0, 4) = pack("L", 2); taken("", 159, $t)`,
    roles: all,
  },
  {
    id: "host-name",
    title: "change the host's name (to what it is)",
    attack: "T1036",
    script: perl`my $n = (POSIX::uname())[1]; taken("", 170, $n, length $n)`,
    roles: ["root"],
  },
  {
    id: "fanotify",
    title: "decide over other processes' files (fanotify)",
    attack: "T1562",
    script: "taken('', 300, 4, 0)",
    roles: all,
  },
  {
    id: "file-handle",
    title: "open a file by its handle, past all directories (shocker)",
    attack: "T1611",
    script: perl`my $h = pack("Li", 8, 1) . pack("LL", 2, 0); taken("ESTALE|EBADF|EOPNOTSUPP|EINVAL", 304, -100, $h, 0)`,
    roles: all,
  },
  {
    id: "crypto-socket",
    title: "the kernel's cryptography by socket (AF_ALG)",
    attack: "T1068",
    script: "taken('', 41, 38, 5, 0)",
    control: "user",
  },
  { id: "vsock", title: "a socket to the hypervisor (AF_VSOCK)", attack: "T1611", script: "taken('', 41, 40, 1, 0)", control: "user" },
  {
    id: "raw-socket",
    title: "a raw socket",
    attack: "T1095",
    script: "taken('', 41, 2, 3, 1)",
    roles: all,
    layer: "capabilities, network namespace of the host",
  },
  {
    id: "packet-socket",
    title: "a socket that hears every packet (AF_PACKET)",
    attack: "T1040",
    script: "taken('', 41, 17, 3, 0x300)",
    roles: all,
    layer: "capabilities, network namespace of the host",
  },
  {
    id: "firewall-rules",
    title: "a firewall table of one's own (nf_tables by netlink)",
    attack: "T1562.004",
    roles: all,
    script: perl`socket(my $s, 16, 3, 12) or refused("socket"); my $nf = sub { my ($t, $f, $fam, $res, $b) = @_; my $p = pack("CCn", $fam, 0, $res) . $b; pack("LSSLL", 16 + length $p, $t, $f, 1, 0) . $p };
      my $name = pack("SSa8", 9, 1, "isca\0"); my $m = $nf->(0x10, 1, 0, 10, "") . $nf->(0xa00, 0x405, 1, 0, $name) . $nf->(0x11, 1, 0, 10, "");
      send($s, $m, 0, pack("SSLL", 16, 0, 0, 0)) or refused("send"); my $b = ""; vec($b, fileno $s, 1) = 1; select($b, undef, undef, 2) or refused_with("SILENT");
      recv($s, my $a, 4096, 0); my (undef, $t) = unpack("LS", $a); $! = -unpack("l", substr($a, 16, 4)); $! == 0 ? won() : refused("newtable")`,
    layer: "network namespace of the host",
  },
  {
    id: "own-address",
    title: "give the link another address (rtnetlink)",
    attack: "T1557",
    roles: ["mistake"],
    script: perl`socket(my $s, 16, 3, 0) or refused("socket"); my ($i) = map { slurp("$_/ifindex") + 0 } grep { !m{/lo$} } glob "/sys/class/net/*";
      if (!$i) { for (1 .. 200) { } my ($n) = slurp("/proc/net/dev") =~ /^\s*((?!lo:)\w[\w-]*):/m; $i = do { my $r = pack("a16 x24", $n); ioctl($s, 0x8933, $r) or 2; unpack("x16 i", $r) } }
      my $ip = inet_aton("198.51.100.7"); my $p = pack("CCCCL", 2, 32, 0, 0, $i) . pack("SSa4SSa4", 8, 2, $ip, 8, 1, $ip);
      send($s, pack("LSSLL", 16 + length $p, 20, 0x605, 1, 0) . $p, 0, pack("SSLL", 16, 0, 0, 0)) or refused("send"); recv($s, my $a, 4096, 0);
      $! = -unpack("l", substr($a, 16, 4)); $! == 0 ? won() : refused("newaddr")`,
    layer: "network namespace of the host",
  },
  {
    id: "forge-audit",
    title: "forge a record of the host's audit",
    attack: "T1565",
    roles: all,
    script: perl`socket(my $s, 16, 3, 9) or refused("socket"); my $t = "op=attack-suite res=success\0"; $t .= "\0" x (-length($t) % 4);
      send($s, pack("LSSLL", 16 + length $t, 1005, 5, 1, 0) . $t, 0, pack("SSLL", 16, 0, 0, 0)) or refused("send"); my $b = ""; vec($b, fileno $s, 1) = 1;
      select($b, undef, undef, 2) or refused_with("SILENT"); recv($s, my $a, 4096, 0); $! = -unpack("l", substr($a, 16, 4)); $! == 0 ? won() : refused("audit")`,
    layer: "capabilities",
  },
  {
    id: "terminal-input",
    title: "type into a terminal (TIOCSTI)",
    attack: "T1059",
    script: perl`POSIX::setsid(); sysopen(my $m, "/dev/ptmx", 2) or refused("ptmx"); my $z = pack("i", 0); ioctl($m, 0x40045431, $z) or refused("unlock");
      my $n = pack("I", 0); ioctl($m, 0x80045430, $n) or refused("number"); sysopen(my $s, "/dev/pts/" . unpack("I", $n), 2) or refused("pts");
      my $c = "x"; $! = 0; defined ioctl($s, 0x5412, $c) ? won() : refused("TIOCSTI")`,
    control: "user",
    layer: "no terminal of the host is inside; the kernel's legacy_tiocsti",
    expect: "missed",
  },
];

export const kernel: readonly Technique[] = doors.map(
  ({ roles = ["service"], control = "root", layer = "seccomp", expect = "prevented", ...door }) => ({
    ...door,
    roles,
    control,
    layer,
    expect,
  }),
);
