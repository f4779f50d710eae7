/**
 * What the kernel's audit is told to record of a dock's ISCs, as auditctl(8) says it: a few rules for all of them, which name login ids and
 * uids from which to which. Nothing is recorded of anybody else.
 */
import { type DockIdentity, loginUidBase, slotsPerDock } from "../model/identity.ts";

export interface AuditRuleText {
  readonly syscalls: readonly string[];
  readonly fields: readonly {
    readonly name: "auid" | "uid" | "exit" | "success" | "exe" | "key";
    readonly is: "=" | "!=" | ">=" | "<=";
    readonly value: number | string;
  }[];
}

const run = ["execve", "execveat"];

/** Whatever comes of it: what makes, joins or looks into walls, other processes and the kernel. */
const attempts = [
  ...["mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsmount", "mount_setattr", "open_by_handle_at"],
  ...["setns", "unshare", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd"],
  ...["init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"],
  ...["bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "keyctl", "add_key", "request_key"],
  ...["iopl", "ioperm", "acct", "swapon", "swapoff", "quotactl", "settimeofday", "clock_settime", "fanotify_init"],
] as const;

/** When it is refused. */
const refusable = [
  ...run,
  ...[
    "open",
    "openat",
    "openat2",
    "creat",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
  ],
  ...["mkdir", "mkdirat", "rmdir", "mknod", "mknodat", "truncate", "chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat"],
  ...[
    "kill",
    "tkill",
    "tgkill",
    "socket",
    "bind",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setgroups",
    "capset",
  ],
];

/** EPERM, EACCES, EROFS; asm-generic/errno-base.h. */
const refusals = [1, 13, 30];

export function auditKey(dock: DockIdentity): string {
  return `isc:${dock.tag}`;
}

/**
 * @param sandbox the program of gVisor, which carries out what an ISC asks of its kernel with just these calls, thousands of times a second:
 * of it only what it runs is recorded
 */
export function renderAuditRules(dock: DockIdentity, sandbox: string): readonly AuditRuleText[] {
  const notSandbox = { name: "exe", is: "!=", value: sandbox } as const;
  const key = { name: "key", is: "=", value: auditKey(dock) } as const;
  const spans = [
    { name: "auid", first: loginUidBase(dock), count: slotsPerDock + 2 },
    { name: "uid", first: dock.uidBase, count: (slotsPerDock + 2) * 65_536 },
  ] as const;
  return spans.flatMap(({ name, first, count }) => {
    const whose = [
      { name, is: ">=", value: first },
      // The very last number stands for "none".
      { name, is: "<=", value: Math.min(first + count - 1, 0xffff_fffe) },
    ] as const;
    return [
      { syscalls: run, fields: [...whose, { name: "success", is: "=", value: 1 } as const, key] },
      { syscalls: attempts, fields: [...whose, notSandbox, key] },
      ...refusals.map((errno) => ({
        syscalls: refusable,
        fields: [...whose, { name: "exit", is: "=", value: -errno } as const, notSandbox, key],
      })),
    ];
  });
}
