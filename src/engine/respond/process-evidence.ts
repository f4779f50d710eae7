/** What /proc tells of an ISC's processes: who began whom, with which arguments, and what they hold open. */
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { cgroupPath } from "../parts/cgroup.ts";
import { listMembers } from "../verify/cgroup-facts.ts";
import { orUndefined } from "../verify/look.ts";

export interface EvidenceProcess {
  readonly pid: number;
  readonly parent: number;
  /** Number inside the ISC. */
  readonly pidInside: number;
  readonly name: string;
  readonly command: readonly string[];
  readonly executable: string;
  readonly workingDirectory: string;
  readonly uid: number;
  readonly capabilities: string;
  /** Clock ticks since boot. */
  readonly startTicks: number;
  /** What each open file number leads to: `/var/log/x`, `socket:[4711]`, `/tmp/y (deleted)`. */
  readonly open: Readonly<Record<string, string>>;
  /** Files mapped with the right to run. */
  readonly mapped: readonly string[];
}

const mostOpen = 1_024;
const mostArgumentBytes = 32_768;
const tables = ["tcp", "tcp6", "udp", "udp6", "raw", "unix"] as const;

/** Parents before their children, as far as they are there. */
export function listEvidenceProcesses(engine: Engine, name: Name): readonly EvidenceProcess[] {
  const pids = [...listMembers(engine.host, engine.hierarchies, cgroupPath(engine, name))].sort((a, b) => a - b);
  return pids.flatMap((pid) => orUndefined(() => readOne(engine, pid)) ?? []);
}

/** Sockets of the ISC's network; processes hold them by the number in the inode column. */
export function readNetworkTables({ host }: Engine, pid: number): readonly (readonly [string, string])[] {
  return tables.flatMap((table) => {
    const text = orUndefined(() => host.files.findTextNow(`/proc/${pid}/net/${table}`));
    return text === undefined ? [] : [[`sockets-${table}.txt`, text] as const];
  });
}

function readOne({ host }: Engine, pid: number): EvidenceProcess | undefined {
  const status = host.files.findTextNow(`/proc/${pid}/status`);
  if (status === undefined) return undefined;
  const field = (key: string) => new RegExp(`^${key}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
  const link = (file: string) => orUndefined(() => host.files.findLinkNow(`/proc/${pid}/${file}`)) ?? "";
  const stat = host.files.findTextNow(`/proc/${pid}/stat`) ?? "";
  const maps = orUndefined(() => host.files.findTextNow(`/proc/${pid}/maps`)) ?? "";
  const numbers = (orUndefined(() => host.files.listNow(`/proc/${pid}/fd`)) ?? []).slice(0, mostOpen);
  const command = (host.files.findTextNow(`/proc/${pid}/cmdline`) ?? "").slice(0, mostArgumentBytes).split("\0");
  return {
    pid,
    parent: Number(field("PPid")),
    pidInside: Number(field("NSpid").split(/\s+/).at(-1)),
    name: field("Name"),
    command: command.at(-1) === "" ? command.slice(0, -1) : command,
    executable: link("exe"),
    workingDirectory: link("cwd"),
    uid: Number(field("Uid").split(/\s+/)[1]),
    capabilities: field("CapEff"),
    startTicks: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]),
    open: Object.fromEntries(numbers.map((number) => [number, link(`fd/${number}`)])),
    mapped: [...new Set(maps.split("\n").flatMap((line) => /^\S+ ..x\S* \S+ \S+ [1-9]\d*\s+(.*)$/.exec(line)?.[1] ?? []))],
  };
}
