/** Running what was never sealed. */
import { perl, type Technique } from "../technique.ts";

const service = ["service"] as const;
const noexec = "noexec mounts, exec gate";

export const execution: readonly Technique[] = [
  {
    id: "drop-binary",
    title: "drop a program into every place that can be written, and run it",
    attack: "T1105",
    roles: ["service", "root"],
    script: perl`my $last = 0; for my $d (places()) { my $f = "$d/.drop$$"; copy("/bin/echo", $f) or next; chmod 0755, $f;
      my ($o, $e) = run($f, $nonce); unlink $f; won("ran from $d") if $o eq $nonce; $last = $e }
      $! = $last; $last ? refused("exec") : refused_with("NOWHERE")`,
    control: "user",
    layer: noexec,
    expect: "prevented",
  },
  {
    id: "drop-script",
    title: "drop a script with an interpreter line, and run it",
    attack: "T1059.004",
    roles: service,
    script: perl`my $f = "/tmp/.s$$"; open(my $h, ">", $f) or refused("write"); print $h "#!/bin/sh\necho $nonce\n"; close $h; chmod 0755, $f;
      my ($o, $e) = run($f); unlink $f; won() if $o eq $nonce; $! = $e; refused("exec")`,
    control: "user",
    layer: noexec,
    expect: "prevented",
  },
  {
    id: "script-by-shell",
    title: "hand a dropped script to the shell of the image",
    attack: "T1059.004",
    roles: service,
    script: perl`my $f = "/tmp/.s$$"; open(my $h, ">", $f) or refused("write"); print $h "echo $nonce\n"; close $h;
      my ($o, $e) = run("/bin/sh", $f); unlink $f; won("the shell read it") if $o eq $nonce; $! = $e; refused("exec")`,
    control: "user",
    layer: "rights.execute: services, audit",
    expect: "missed",
  },
  {
    id: "shell-from-service",
    title: "start a shell, as a hole in the service would",
    attack: "T1059.004",
    roles: service,
    script: perl`my ($o, $e) = run("/bin/sh", "-c", "echo $nonce"); won() if $o eq $nonce; $! = $e; refused("exec")`,
    control: "user",
    layer: "rights.execute: services, audit",
    expect: "missed",
  },
  {
    id: "memfd-exec",
    title: "run a program from an anonymous file in memory",
    attack: "T1620",
    roles: service,
    script: perl`my $n = "x"; my $fd = call(319, $n, 0); open(my $h, ">&=", $fd); binmode $h; print $h slurp("/bin/echo"); $h->flush;
      my ($o, $e) = run("/proc/self/fd/$fd", $nonce); $e = 0 if $o eq $nonce; won() if $o eq $nonce; $! = $e; refused("exec")`,
    control: "user",
    layer: "seccomp (memfd_create), exec gate",
    expect: "prevented",
  },
  {
    id: "deleted-binary",
    title: "run a program that has been deleted, through its open file",
    attack: "T1070.004",
    roles: service,
    script: perl`my $f = dropped("/tmp"); open(my $h, "<", $f); unlink $f; my ($o, $e) = run("/proc/self/fd/" . fileno($h), $nonce);
      won() if $o eq $nonce; $! = $e; refused("exec")`,
    control: "user",
    layer: noexec,
    expect: "prevented",
  },
  {
    id: "tmpfile-exec",
    title: "run a program from a file that never had a name (O_TMPFILE)",
    attack: "T1620",
    roles: service,
    script: perl`sysopen(my $h, "/tmp", 020200002, 0755) or refused("open"); binmode $h; print $h slurp("/bin/echo"); $h->flush;
      open(my $r, "<", "/proc/self/fd/" . fileno($h)) or refused("reopen"); close $h; my ($o, $e) = run("/proc/self/fd/" . fileno($r), $nonce);
      won() if $o eq $nonce; $! = $e; refused("exec")`,
    control: "user",
    layer: noexec,
    expect: "prevented",
  },
  {
    id: "loader",
    title: "hand a dropped program to the dynamic loader",
    attack: "T1574",
    roles: service,
    script: perl`my $f = dropped("/tmp"); my ($o, $e) = run("/lib64/ld-linux-x86-64.so.2", $f, $nonce); unlink $f; won() if $o eq $nonce;
      if ($e) { $! = $e; refused("exec") } refused_with("EPERM", $o) if $o =~ /failed to map|not permitted/; refused_with("LOADER", $o)`,
    control: "user",
    layer: "noexec mounts (mmap)",
    expect: "prevented",
  },
  {
    id: "preload",
    title: "have a dropped library loaded into a program of the image (LD_PRELOAD)",
    attack: "T1574.006",
    roles: service,
    script: perl`my ($l) = grep { -e } map { ("/lib/x86_64-linux-gnu/$_", "/usr/lib/x86_64-linux-gnu/$_") } "libm.so.6", "libz.so.1";
      my $f = "/tmp/.l$$.so"; copy($l, $f) or refused("write"); chmod 0755, $f; $ENV{LD_PRELOAD} = $f;
      my ($o, $e) = run("/bin/cat", "/proc/self/maps"); unlink $f; won("mapped") if $o =~ /r-xp.*\Q$f\E/; if ($e) { $! = $e; refused("exec") }
      refused_with($o =~ /failed to map|not permitted/ ? "EPERM" : "UNMAPPED", substr($o, 0, 120))`,
    control: "user",
    layer: "noexec mounts (mmap)",
    expect: "prevented",
  },
  {
    id: "mount-exec-place",
    title: "mount a place of one's own without noexec, and run a program there",
    attack: "T1068",
    roles: ["mistake"],
    script: perl`my @m = ("none", "/tmp", "tmpfs"); call(165, @m, 0, 0); my $f = dropped("/tmp"); my ($o, $e) = run($f, $nonce);
      won() if $o eq $nonce; $! = $e; refused("exec")`,
    control: "root",
    layer: "exec gate, integrity (write.noexec)",
    expect: "prevented",
  },
  {
    id: "remount-exec",
    title: "take noexec off a place that can be written, and run a program there",
    attack: "T1068",
    roles: ["mistake"],
    script: perl`my @m = ("none", "/tmp", ""); $! = 0; syscall(165, @m, 0x1020, 0) == 0 or refused("remount"); my $f = dropped("/tmp");
      my ($o, $e) = run($f, $nonce); unlink $f; won() if $o eq $nonce; $! = $e; refused("exec")`,
    control: { none: "in the control /tmp is no mount" },
    layer: "locked mount flags of a user namespace, exec gate",
    expect: "prevented",
  },
];
