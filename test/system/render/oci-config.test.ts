import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parseMountInfo } from "../../../src/host/kernel/mountinfo.ts";
import { maskedPaths, readonlyPaths } from "../../../src/render/oci-config.ts";
import { ContainerLab, labManifest, type Runtime } from "./container-lab.ts";

/** Numbers of arch/x86/entry/syscalls/syscall_64.tbl, with arguments that the kernel itself would answer otherwise, or not refuse. */
const refused: Readonly<Record<string, readonly number[]>> = {
  acct: [163, 1],
  add_key: [248, 0, 0, 0, 0, 0],
  bpf: [321, 99, 0, 0],
  chroot: [161, 0],
  delete_module: [176, 0, 0],
  fanotify_init: [300, 0, 0],
  finit_module: [313, -1, 0, 0],
  fsopen: [430, 0, 0],
  init_module: [175, 0, 0, 0],
  io_uring_enter: [426, -1, 0, 0, 0, 0, 0],
  io_uring_register: [427, -1, 0, 0, 0],
  io_uring_setup: [425, 0, 0],
  ioperm: [173, 99_999_999, 0, 0],
  iopl: [172, 9],
  kcmp: [312, 1, 1, 99, 0, 0],
  kexec_file_load: [320, -1, -1, 0, 0, 0],
  kexec_load: [246, 0, 0, 0, 0],
  keyctl: [250, 99, 0, 0, 0, 0],
  memfd_create: [319, 0, 0],
  memfd_secret: [447, 99],
  modify_ldt: [154, 99, 0, 0],
  mount: [165, 0, 0, 0, 0, 0],
  mount_setattr: [442, -1, 0, 0, 0, 0],
  move_mount: [429, -1, 0, -1, 0, 0],
  name_to_handle_at: [303, -1, 0, 0, 0, 0],
  open_by_handle_at: [304, -1, 0, 0],
  open_tree: [428, -1, 0, 0],
  perf_event_open: [298, 0, 0, 0, 0, 0],
  pidfd_getfd: [438, -1, 0, 0],
  pivot_root: [155, 0, 0],
  process_vm_readv: [310, 1, 0, 0, 0, 0, 0],
  process_vm_writev: [311, 1, 0, 0, 0, 0, 0],
  ptrace: [101, 0, 0, 0, 0],
  quotactl: [179, 0, 0, 0, 0],
  reboot: [169, 0, 0, 0, 0],
  request_key: [249, 0, 0, 0, 0],
  setdomainname: [171, 0, -1],
  sethostname: [170, 0, -1],
  setns: [308, -1, 0],
  settimeofday: [164, 0, 0],
  swapoff: [168, 0],
  swapon: [167, 0, 0],
  syslog: [103, 99, 0, 0],
  umount2: [166, 0, 0],
  unshare: [272, 0x1000_0000],
  userfaultfd: [323, 99],
  vhangup: [153],
  vmsplice: [278, -1, 0, 0, 0],
};

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const expected: readonly (readonly [what: string, errno: number, call: readonly (number | string)[]])[] = [
  ["clone with CLONE_NEWUSER", EPERM, [56, 0x1000_0011, 0, 0, 0, 0]],
  ["clone with CLONE_NEWNET", EPERM, [56, 0x4000_0011, 0, 0, 0, 0]],
  ["clone3, so that clone is used", ENOSYS, [435, 0, 0]],
  ["a call nobody knows", ENOSYS, [9_999]],
  ["an AF_UNIX socket", 0, [41, 1, 1, 0]],
  ["an AF_INET socket", 0, [41, 2, 1, 0]],
  ["an AF_INET6 socket", 0, [41, 10, 2, 0]],
  ["an AF_NETLINK socket for routes", 0, [41, 16, 3, 0]],
  ["an AF_NETLINK socket for audit", EAFNOSUPPORT, [41, 16, 3, 9]],
  ["an AF_PACKET socket", EAFNOSUPPORT, [41, 17, 3, 0]],
  ["an AF_ALG socket", EAFNOSUPPORT, [41, 38, 5, 0]],
  ["an AF_VSOCK socket", EAFNOSUPPORT, [41, 40, 1, 0]],
  ["an AF_AX25 socket", EAFNOSUPPORT, [41, 3, 1, 0]],
  ["personality: asking", 0, [135, 0xffff_ffff]],
  ["personality: READ_IMPLIES_EXEC", ENOSYS, [135, 0x40_0000]],
  ["memory to write", 0, [9, 0, 4_096, 3, 0x22, -1, 0]],
  ["memory to execute", 0, [9, 0, 4_096, 5, 0x22, -1, 0]],
  ["memory to write and execute", EPERM, [9, 0, 4_096, 7, 0x22, -1, 0]],
  ["memory to write and execute, with noise above the flags", EPERM, [9, 0, 4_096, "0x100000007", 0x22, -1, 0]],
  ["memory made executable", EPERM, [10, "$page", 4_096, 5]],
  ["memory made executable through a key", EPERM, [329, "$page", 4_096, 5, -1]],
  ["shared memory attached to execute", EPERM, [30, -1, 0, 0x8000]],
];

describe("an OCI configuration on real runtimes", { skip: whyNot() }, () => {
  let lab: ContainerLab;
  before(async () => {
    lab = await ContainerLab.make(labManifest(""));
  });
  after(() => lab[Symbol.asyncDispose]());

  for (const runtime of ["crun", "runc"] as const) {
    test(`${runtime} starts it, and only its places can be written`, () => {
      const mounts = parseMountInfo(run(lab, runtime, `open F, "/proc/self/mountinfo"; print while <F>`));
      const find = (path: string) => mounts.findLast(({ mountPoint }) => mountPoint === path);
      const writable = mounts.filter(({ mountPoint, options }) => options.includes("rw") && !/^\/(dev|proc)\//.test(mountPoint));
      assert.deepEqual(writable.map(({ mountPoint }) => mountPoint).sort(), ["/data", "/proc", "/run", "/tmp", "/var/log"]);
      for (const { mountPoint, options } of writable)
        assert(
          ["nosuid", "nodev", "noexec"].every((option) => options.includes(option)),
          mountPoint,
        );
      for (const path of ["/", "/dev", "/etc/hosts", "/etc/machine-id", ...readonlyPaths.filter((path) => find(path))]) {
        assert(find(path)?.options.includes("ro"), path);
      }
      assert(maskedPaths.filter((path) => find(path)).length > 3);
    });

    test(`${runtime} gives it no rights, its limits and an identity of its own`, () => {
      const status = run(
        lab,
        runtime,
        `open F, "/proc/self/status"; print while <F>; open F, "/proc/self/limits"; print while <F>; print \`/bin/cat /etc/machine-id /proc/sys/kernel/hostname /proc/self/uid_map /proc/self/cgroup\``,
      );
      for (const set of ["Inh", "Prm", "Eff", "Bnd", "Amb"]) assert.match(status, new RegExp(`Cap${set}:\\s0{16}\\n`));
      assert.match(status, /NoNewPrivs:\s1\n.*Seccomp:\s2\n/);
      assert.match(status, /Uid:\s33\s33\s33\s33\n/);
      assert.match(status, /Max open files +512 +512 /);
      assert.match(status, /Max core file size +0 +0 /);
      assert.match(status, /\n0123456789abcdef0123456789abcdef\nlab\n +0 +\d{10} +65536\n/);
      assert.doesNotMatch(status, /isc-/);
    });

    test(`${runtime} keeps declared capabilities for a user who is not root`, () => {
      const declared = { rights: { capabilities: ["CAP_KILL"], syscalls: [], writableCode: false } };
      const status = run(lab, runtime, `open F, "/proc/self/status"; print while <F>`, declared);
      for (const set of ["Inh", "Prm", "Eff", "Bnd", "Amb"]) assert.match(status, new RegExp(`Cap${set}:\\s0{14}20\\n`));
    });

    test(`${runtime} loads the filter, which refuses what it should and nothing else`, () => {
      const answers = run(lab, runtime, perlCalls([...Object.values(refused), ...expected.map(([, , call]) => call)])).split("\n");
      const all = [
        ...Object.keys(refused).map((name) => [name, EPERM] as const),
        ...expected.map(([what, errno]) => [what, errno] as const),
      ];
      for (const [index, [what, errno]] of all.entries()) assert.equal(Number(answers[index]), errno, what);
    });

    test(`${runtime} lets declared calls through, so that it is the filter which refused them`, () => {
      const declared = { rights: { capabilities: [], syscalls: Object.keys(refused), writableCode: true } };
      const answers = run(lab, runtime, perlCalls([...Object.values(refused), [9, 0, 4_096, 7, 0x22, -1, 0]]), declared).split("\n");
      const different = Object.keys(refused).filter((_, index) => Number(answers[index]) !== EPERM);
      for (const name of [
        "unshare",
        "memfd_create",
        "ptrace",
        "keyctl",
        "add_key",
        "bpf",
        "setns",
        "io_uring_setup",
        "process_vm_readv",
        "name_to_handle_at",
      ]) {
        assert(different.includes(name), `${name}: ${different}`);
      }
      assert.equal(Number(answers[Object.keys(refused).length]), 0, "memory to write and execute");
    });

    test(`${runtime}: a call through the x32 entry kills the process`, () => {
      assert.equal(
        run(lab, runtime, `my $p = fork; if ($p == 0) { syscall(0x40000000 + 39); exit 0 } waitpid $p, 0; print $? & 127`),
        "31",
      );
    });
  }
});

function run(lab: ContainerLab, runtime: Runtime, program: string, change: Parameters<typeof labManifest>[1] = {}): string {
  const { exitCode, stdout, stderr } = lab.run(runtime, labManifest(program, change));
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

/** Prints each call's errno on a line, 0 when it succeeded. */
function perlCalls(calls: readonly (readonly (number | string)[])[]): string {
  const lines = calls.map((call) => `$r = syscall(${call.join(", ")}); print $r == -1 ? $! + 0 : 0, "\\n";`);
  return ["$| = 1; my $page = syscall(9, 0, 4096, 3, 0x22, -1, 0); my $r;", ...lines].join("\n");
}

function whyNot(): string | false {
  if (process.getuid?.() !== 0) return "needs root for mounts and namespaces";
  return process.arch === "x64" ? false : "the numbers of the system calls are those of x86-64";
}
