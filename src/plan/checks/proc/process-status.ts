/** Reads /proc/PID/status and the cgroup table beside it; see proc_pid_status(5), cgroups(7). Pure. */

export const capabilitySets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] as const;
export type CapabilitySet = (typeof capabilitySets)[number];

export interface ThreadStatus {
  readonly id: number;
  readonly name: string;
  /** Real, effective, saved and file system uid, as the reader's user namespace numbers them. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  readonly capabilities: Readonly<Record<CapabilitySet, bigint>>;
  readonly noNewPrivileges: boolean;
  /** 0 none, 1 strict, 2 filter. */
  readonly seccomp: number;
  readonly seccompFilters: number;
  readonly threadCount: number;
  /** Ended, not yet reaped: it has nothing left to check. */
  readonly ended: boolean;
}

/** A field that is missing counts as the worst answer: no filter, every capability. */
export function parseThreadStatus(text: string): ThreadStatus {
  const fields = new Map(
    text.split("\n").flatMap((line): readonly (readonly [string, string])[] => {
      const colon = line.indexOf(":");
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()]];
    }),
  );
  const numbers = (key: string) =>
    (fields.get(key) ?? "")
      .split(/\s+/)
      .filter((part) => part !== "")
      .map(Number);
  const number = (key: string) => numbers(key)[0] ?? 0;
  const set = (key: CapabilitySet) => BigInt(`0x${fields.get(key) ?? "ffffffffffffffff"}`);
  return {
    id: number("Pid"),
    name: (fields.get("Name") ?? "?").replace(/[^\x21-\x7e]/g, "?"),
    uids: numbers("Uid"),
    gids: numbers("Gid"),
    groups: numbers("Groups"),
    capabilities: { CapInh: set("CapInh"), CapPrm: set("CapPrm"), CapEff: set("CapEff"), CapBnd: set("CapBnd"), CapAmb: set("CapAmb") },
    noNewPrivileges: fields.get("NoNewPrivs") === "1",
    seccomp: number("Seccomp"),
    // Linux before 5.9 has no such line; mode 2 means at least one filter.
    seccompFilters: fields.has("Seccomp_filters") ? number("Seccomp_filters") : number("Seccomp") === 2 ? 1 : 0,
    threadCount: number("Threads"),
    ended: /^[ZX]/.test(fields.get("State") ?? ""),
  };
}

/** Path by controller from /proc/PID/cgroup; "" is the v2 hierarchy. */
export function parseCgroups(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split("\n").flatMap((line): readonly (readonly [string, string])[] => {
      const match = /^\d+:([^:]*):(.*)$/.exec(line);
      return match ? (match[1] ?? "").split(",").map((controller) => [controller, match[2] ?? ""] as const) : [];
    }),
  );
}

/** Field 22 of /proc/PID/stat: start time in clock ticks since boot; proc_pid_stat(5). */
export function parseStartTicks(text: string): number {
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]);
}

/** Field 4 of /proc/PID/stat. */
export function parseParent(text: string): number {
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
}
