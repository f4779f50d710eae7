/** Records of the kernel's audit, joined to what happened: one process that ran a program, was refused a call, or tried something. Pure. */
import { type AuditRecord, auditTypes, joinArguments, numberField, plainField, textField } from "./audit-record.ts";
import { nameOfSyscall } from "./syscalls.ts";

export interface AuditEvent {
  readonly kind: "call" | "seccomp" | "login";
  readonly serial: number;
  readonly timeMs: number;
  /** The login id: whose process it was. 4294967295 for none. */
  readonly loginUid: number;
  readonly uid: number;
  readonly pid: number;
  readonly parentPid?: number;
  /** Number of the login session, new with every start and exec. */
  readonly session: number;
  readonly key?: string;
  /** Its name, such as "execve"; "login" for a login. */
  readonly call: string;
  readonly succeeded: boolean;
  /** The error's number, positive; 0 when it went well, or is not known. */
  readonly errno: number;
  readonly program: string;
  readonly processName: string;
  readonly arguments: readonly string[];
  readonly directory?: string;
  /** Those that the call was about. */
  readonly paths: readonly string[];
}

/** Of each event. */
const mostPaths = 4;

/** Undefined when none of the records says who did what. */
export function joinRecords(records: readonly AuditRecord[]): AuditEvent | undefined {
  const main = records.find(({ type }) => kinds.has(type));
  if (!main) return undefined;
  const find = (type: number) => records.filter((record) => record.type === type);
  const directory = find(auditTypes.cwd).map((record) => textField(record, "cwd"))[0];
  return {
    ...whoOf(main),
    ...whatOf(main),
    arguments: joinArguments(find(auditTypes.execve)),
    ...(directory !== undefined && { directory }),
    paths: namePaths(find(auditTypes.path)),
  };
}

/** What the call was about; where nothing is there, the directory in which it should have been. */
function namePaths(records: readonly AuditRecord[]): readonly string[] {
  const things = records.filter((record) => plainField(record, "nametype") !== "PARENT");
  return (things.length > 0 ? things : records).flatMap((record) => textField(record, "name") ?? []).slice(0, mostPaths);
}

const kinds: ReadonlyMap<number, AuditEvent["kind"]> = new Map([
  [auditTypes.syscall, "call"],
  [auditTypes.seccomp, "seccomp"],
  [auditTypes.login, "login"],
]);

/** (uid_t) -1, and a session of none. */
const none = 0xffff_ffff;

function whoOf(main: AuditRecord): Omit<AuditEvent, keyof ReturnType<typeof whatOf> | "arguments" | "directory" | "paths"> {
  const parentPid = numberField(main, "ppid");
  return {
    loginUid: numberField(main, "auid") ?? none,
    uid: numberField(main, "uid") ?? none,
    pid: numberField(main, "pid") ?? 0,
    ...(parentPid !== undefined && { parentPid }),
    session: numberField(main, "ses") ?? none,
    program: textField(main, "exe") ?? "",
    processName: textField(main, "comm") ?? "",
  };
}

function whatOf(main: AuditRecord): Pick<AuditEvent, "kind" | "serial" | "timeMs" | "key" | "call" | "succeeded" | "errno"> {
  const kind = kinds.get(main.type) ?? "call";
  const key = textField(main, "key");
  return {
    kind,
    serial: main.serial,
    timeMs: main.timeMs,
    ...(key !== undefined && { key }),
    call: kind === "login" ? "login" : nameOfSyscall(plainField(main, "arch") ?? "", numberField(main, "syscall") ?? -1),
    succeeded: plainField(main, "success") === "yes" || plainField(main, "res") === "1",
    errno: Math.max(0, -(numberField(main, "exit") ?? 0)),
  };
}
