/** What /proc says of processes: a quick look at all of the machine, and a thorough one at those of an ISC. */
import type { Host } from "../../host/host.ts";
import { type NamespaceKind, type Namespaces, namespaceKinds, type ProcessFacts } from "../../plan/checks/facts.ts";
import { parseIdMap } from "../../plan/checks/proc/id-map.ts";
import { isAnonymous, parseExecutableMappings } from "../../plan/checks/proc/memory-map.ts";
import { parseCgroups, parseStartTicks, parseThreadStatus, type ThreadStatus } from "../../plan/checks/proc/process-status.ts";
import { look, orUndefined } from "./look.ts";

/** One process of the machine. */
export interface HostProcess {
  readonly pid: number;
  /** Owner of /proc/PID: its effective uid, or root where its memory may not be read. */
  readonly uid: number;
  readonly namespaces: Partial<Namespaces>;
}

/** Threads looked at in one process: rights are each thread's own, but a service of thousands must not hold up the dock. */
const mostThreads = 256;

/** Every process that can be seen. One look serves all ISCs of a run. */
export function listHostProcesses(host: Host): readonly HostProcess[] {
  return host.files.listNow("/proc").flatMap((entry): readonly HostProcess[] => {
    if (!/^[1-9]\d*$/.test(entry)) return [];
    const uid = orUndefined(() => host.files.findNow(`/proc/${entry}`)?.uid);
    return uid === undefined ? [] : [{ pid: Number(entry), uid, namespaces: readNamespaces(host, entry) }];
  });
}

/** Those that can be read: none of a process that has ended. */
export function readNamespaces(host: Host, pid: number | string): Partial<Namespaces> {
  const found: Partial<Record<NamespaceKind, string>> = {};
  for (const kind of namespaceKinds) {
    const link = orUndefined(() => host.files.findLinkNow(`/proc/${pid}/ns/${kind}`));
    if (link === undefined) return found;
    found[kind] = link;
  }
  return found;
}

export function isWhole(namespaces: Partial<Namespaces>): namespaces is Namespaces {
  return namespaceKinds.every((kind) => namespaces[kind] !== undefined);
}

/** Undefined for a process that ends before all of it is read. */
export function readProcess(host: Host, pid: number): ProcessFacts | undefined {
  const read = (file: string) => orUndefined(() => host.files.findTextNow(`/proc/${pid}/${file}`));
  const threads = readThreads(host, pid);
  const [first] = threads;
  const namespaces = readNamespaces(host, pid);
  const executable = orUndefined(() => host.files.findLinkNow(`/proc/${pid}/exe`));
  const [maps, cgroup, stat] = [read("maps"), read("cgroup"), read("stat")];
  if (first === undefined || first.ended || !isWhole(namespaces) || executable === undefined) return undefined;
  if (maps === undefined || cgroup === undefined || stat === undefined) return undefined;
  return {
    pid,
    name: first.name,
    startTicks: parseStartTicks(stat),
    loginUid: parseLoginUid(read("loginuid")),
    threads,
    uidMap: parseIdMap(read("uid_map") ?? ""),
    gidMap: parseIdMap(read("gid_map") ?? ""),
    namespaces,
    executable,
    ...readCode(host, pid, maps),
    cgroups: parseCgroups(cgroup),
  };
}

/** Page tables that cannot be read at all (the process ends) say nothing; too much of them is told. */
function readCode(host: Host, pid: number, maps: string): Pick<ProcessFacts, "code" | "codeUnseen"> {
  const code = parseExecutableMappings(maps);
  const ranges = code.flatMap((mapping) => (isAnonymous(mapping) ? [] : [mapping.range]));
  const answer = look(() => host.kernel.pagemap.countOwnPages(pid, ranges));
  if ("unseen" in answer) return { code };
  if (answer.seen === undefined) return { code, codeUnseen: `${ranges.length} mappings of code, or 1 GiB of it` };
  const counts = answer.seen.values();
  return { code: code.map((mapping) => (isAnonymous(mapping) ? mapping : { ...mapping, ownPages: counts.next().value ?? 0 })) };
}

/** Digits alone; a kernel without audit has no such file. */
function parseLoginUid(text: string | undefined): number | undefined {
  return text === undefined || text.trim() === "" ? undefined : Number(text);
}

function readThreads(host: Host, pid: number): readonly ThreadStatus[] {
  const text = orUndefined(() => host.files.findTextNow(`/proc/${pid}/status`));
  if (text === undefined) return [];
  const first = parseThreadStatus(text);
  if (first.threadCount <= 1) return [first];
  const ids = orUndefined(() => host.files.listNow(`/proc/${pid}/task`)) ?? [];
  const others = ids.filter((id) => id !== String(pid)).slice(0, mostThreads);
  return [
    first,
    ...others.flatMap((id) => {
      const status = orUndefined(() => host.files.findTextNow(`/proc/${pid}/task/${id}/status`));
      return status === undefined ? [] : [parseThreadStatus(status)];
    }),
  ];
}
