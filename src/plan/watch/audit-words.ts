/** How a record of the kernel's audit is told: sentence, severity and MITRE ATT&CK technique. */
import type { Digest } from "../../model/digest.ts";
import type { EventDraft, Severity } from "../../model/event.ts";
import type { Name } from "../../model/name.ts";

/** What of an ISC's process the kernel tells. */
export interface AuditFact {
  readonly kind: "call" | "seccomp" | "login";
  readonly call: string;
  readonly succeeded: boolean;
  readonly errno: number;
  readonly uid: number;
  readonly pid: number;
  readonly parentPid?: number | undefined;
  readonly session: number;
  readonly program: string;
  readonly processName: string;
  readonly arguments: readonly string[];
  readonly directory?: string | undefined;
  readonly paths: readonly string[];
}

/** For whom something is run inside. */
export interface SessionPurpose {
  readonly session: "exec" | "console" | "health";
  /** Who asked the dock. */
  readonly asker?: { readonly uid: number; readonly pid: number; readonly loginUid?: number } | undefined;
}

export interface ExpectedSession extends SessionPurpose {
  readonly command: readonly string[];
  readonly terminal: boolean;
}

export interface AuditOwner {
  readonly isc: Name;
  readonly image: Digest;
  /** First host uid of its range. */
  readonly uidBase: number;
}

type Told = Pick<EventDraft, "kind" | "severity" | "message" | "facts" | "technique">;

/** Calls and what trying them may be a part of. */
const attempts: Readonly<Record<string, readonly [technique: string, severity: Severity]>> = Object.fromEntries([
  ...each(
    ["mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"],
    "T1611",
    "alert",
  ),
  ...each(["open_by_handle_at", "setns", "unshare", "fanotify_init"], "T1611", "alert"),
  ...each(["ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "process_madvise", "kcmp"], "T1055.008", "alert"),
  ...each(["init_module", "finit_module", "delete_module"], "T1547.006", "alert"),
  ...each(["kexec_load", "kexec_file_load", "iopl", "ioperm"], "T1014", "alert"),
  ...each(["bpf", "perf_event_open"], "T1014", "warning"),
  ...each(["userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "modify_ldt"], "T1068", "warning"),
  ...each(["keyctl", "add_key", "request_key"], "T1552", "warning"),
  ...each(["memfd_create", "memfd_secret"], "T1620", "warning"),
  ...each(["mprotect", "pkey_mprotect", "mmap", "shmat", "remap_file_pages"], "T1055", "warning"),
  ...each(["settimeofday", "clock_settime", "clock_adjtime", "adjtimex"], "T1070.006", "warning"),
  ...each(["reboot", "swapon", "swapoff"], "T1529", "warning"),
  ...each(["acct", "quotactl", "syslog", "lookup_dcookie"], "T1562", "warning"),
]);

/** Calls that are refused, and what that may be a part of. */
const refusedTechniques: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...each(["setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "capset"], "T1548", "notice"),
    ...each(["mknod", "mknodat"], "T1611", "notice"),
    ...each(["execve", "execveat"], "T1059", "notice"),
    ...each(["socket"], "T1040", "notice"),
  ].map(([call, [technique]]) => [call, technique]),
);

/** What C libraries and runtimes ask for at every start to see whether it is there. */
const harmlessProbes = new Set(["clone3", "rseq", "set_mempolicy", "mbind", "landlock_create_ruleset", "seccomp", "vhangup"]);

/** Undefined for what is not worth telling. */
export function describeAudit(fact: AuditFact, count: number, owner: AuditOwner, session?: ExpectedSession): EventDraft | undefined {
  const told = tell(fact, count, session);
  if (!told) return undefined;
  const { isc, image, uidBase } = owner;
  return {
    sensor: "audit",
    isc,
    image,
    ...told,
    message: told.message,
    facts: { ...factsOf(fact, uidBase), ...(count > 1 && { count }), ...told.facts },
  };
}

export function describeDropped(owner: AuditOwner, count: number): EventDraft {
  return {
    sensor: "audit",
    severity: "warning",
    kind: "audit.dropped",
    message: `${count} audit records of it were dropped: it makes more than it may`,
    isc: owner.isc,
    image: owner.image,
    facts: { count },
    technique: "T1562",
  };
}

const mostText = 500;

function tell(fact: AuditFact, count: number, session: ExpectedSession | undefined): Told | undefined {
  if (fact.kind === "login") return tellSession(fact, session);
  const isRun = fact.call.startsWith("execve") && fact.kind === "call";
  if (isRun && fact.succeeded) return session?.session === "health" ? undefined : tellCommand(fact);
  const attempt = attempts[fact.call];
  if (attempt) return tellAttempt(fact, count, attempt);
  return fact.kind === "seccomp" && harmlessProbes.has(fact.call) ? undefined : tellDenied(fact, count);
}

function tellAttempt(fact: AuditFact, count: number, [technique, severity]: readonly [string, Severity]): Told {
  const outcome = fact.succeeded ? "and was let" : `and was refused ${byWhom(fact)}`;
  return {
    kind: "audit.attempt",
    severity,
    message: `${whoOf(fact)} tried ${whatOf(fact)}, ${outcome}${often(count)}`,
    facts: {},
    technique,
  };
}

function tellDenied(fact: AuditFact, count: number): Told {
  const technique = refusedTechniques[fact.call];
  const message = `${whoOf(fact)} was refused ${whatOf(fact)} ${byWhom(fact)}${often(count)}`;
  return { kind: "audit.denied", severity: "notice", message, facts: {}, ...(technique !== undefined && { technique }) };
}

function whoOf({ program, processName }: AuditFact): string {
  return program || processName;
}

function whatOf({ call, paths: [path] }: AuditFact): string {
  return path === undefined ? call : `${call} of ${path}`;
}

function byWhom(fact: AuditFact): string {
  return fact.kind === "seccomp" ? "by the filter" : `(${errorOf(fact)})`;
}

function often(count: number): string {
  return count > 1 ? ` (${count} times)` : "";
}

const shells = /(?:^|\/)(?:ba|da|a|z|k|c|tc)?sh$|(?:^|\/)busybox$/;

function tellCommand(fact: AuditFact): Told {
  const line = fact.arguments.join(" ") || fact.program;
  const isShell = shells.test(fact.program);
  return { kind: "audit.command", severity: "info", message: `ran ${line}`, facts: {}, ...(isShell && { technique: "T1059.004" }) };
}

function tellSession(fact: AuditFact, session: ExpectedSession | undefined): Told | undefined {
  if (session?.session === "health") return undefined;
  if (!session) {
    return { kind: "audit.session", severity: "info", message: `session ${fact.session}: its own start`, facts: { purpose: "start" } };
  }
  const { asker, command, terminal } = session;
  const login = asker?.loginUid === undefined ? "" : ` (login ${asker.loginUid})`;
  const who = asker ? ` asked for by user ${asker.uid}${login}` : "";
  return {
    kind: "audit.session",
    severity: "notice",
    message: `session ${fact.session}: ${session.session}${who}: ${command.join(" ")}`,
    facts: {
      purpose: session.session,
      terminal,
      command: command.join(" ").slice(0, mostText),
      ...(asker && { askerUid: asker.uid }),
      ...(asker?.loginUid !== undefined && { askerLogin: asker.loginUid }),
    },
  };
}

function factsOf(fact: AuditFact, uidBase: number): EventDraft["facts"] {
  const inside = fact.uid - uidBase;
  const isInside = inside >= 0 && inside < 65_536;
  return {
    call: fact.call,
    pid: fact.pid,
    ...(fact.parentPid !== undefined && { parentPid: fact.parentPid }),
    uid: isInside ? inside : fact.uid,
    ...(!isInside && fact.kind !== "login" && { outside: true }),
    session: fact.session,
    program: fact.program.slice(0, mostText),
    ...(fact.arguments.length > 0 && { arguments: fact.arguments.map((word) => word.slice(0, mostText)).slice(0, 32) }),
    ...(fact.directory !== undefined && { directory: fact.directory.slice(0, mostText) }),
    ...(fact.paths.length > 0 && !fact.call.startsWith("execve") && { paths: fact.paths.map((path) => path.slice(0, mostText)) }),
    ...(fact.errno > 0 && { error: errorOf(fact) }),
  };
}

const errors: Readonly<Record<number, string>> = { 1: "EPERM", 2: "ENOENT", 13: "EACCES", 22: "EINVAL", 30: "EROFS", 38: "ENOSYS" };

function errorOf({ errno }: AuditFact): string {
  return errors[errno] ?? `error ${errno}`;
}

function each(
  calls: readonly string[],
  technique: string,
  severity: Severity,
): readonly (readonly [string, readonly [string, Severity]])[] {
  return calls.map((call) => [call, [technique, severity]] as const);
}
