/** From a row of cgroup readings to "under pressure" or not. Each pressure has two marks, one to enter and one to leave, so that none flickers. */

export const pressures = ["memory", "cpu", "io", "processes", "scratch"] as const;
export type Pressure = (typeof pressures)[number];

/** One look. What a kernel does not tell is absent. Counters only grow while an ISC lives. */
export interface PressureSample {
  readonly oomKills?: number | undefined;
  /** `hits`: how often its limit was met. `usedBytes`, without what could be dropped at once, only where that was looked at. */
  readonly memory?: { readonly hits: number; readonly usedBytes?: number; readonly limitBytes?: number } | undefined;
  readonly cpu?: { readonly periods: number; readonly throttled: number } | undefined;
  /** `refused`: forks refused at the ceiling. */
  readonly processes?: { readonly refused: number; readonly current: number; readonly limit?: number } | undefined;
  readonly scratch?: { readonly usedBytes: number; readonly totalBytes: number } | undefined;
  /** Percent of the last ten seconds in which somebody waited (PSI, "some avg10"). */
  readonly stalled?: { readonly memory?: number | undefined; readonly cpu?: number | undefined; readonly io?: number | undefined };
}

export interface PressureState {
  readonly sample?: PressureSample;
  readonly high: readonly Pressure[];
  /** How many looks in a row spoke for a change. */
  readonly votes: Readonly<Partial<Record<Pressure, number>>>;
}

export interface PressureStep {
  readonly state: PressureState;
  readonly changes: readonly { readonly pressure: Pressure; readonly high: boolean }[];
  /** Processes that the kernel killed for memory since the last look. */
  readonly oomKills: number;
}

export const calm: PressureState = { high: [], votes: {} };

/** Looks in a row that it takes to enter and to leave. */
const patience: Readonly<Record<Pressure, { readonly enter: number; readonly leave: number }>> = {
  memory: { enter: 1, leave: 2 },
  cpu: { enter: 3, leave: 3 },
  io: { enter: 2, leave: 2 },
  processes: { enter: 1, leave: 2 },
  scratch: { enter: 1, leave: 1 },
};

export function advancePressure(before: PressureState, sample: PressureSample): PressureStep {
  const verdicts = pressures.map((pressure) => ({ pressure, ...vote(pressure, before, sample) }));
  const high = verdicts.filter((verdict) => verdict.high).map(({ pressure }) => pressure);
  const votes = Object.fromEntries(verdicts.filter(({ count }) => count > 0).map(({ pressure, count }) => [pressure, count]));
  const changes = verdicts.filter((verdict) => verdict.high !== before.high.includes(verdict.pressure));
  return {
    state: { sample, high, votes },
    changes: changes.map((verdict) => ({ pressure: verdict.pressure, high: verdict.high })),
    oomKills: Math.max(0, (sample.oomKills ?? 0) - (before.sample?.oomKills ?? 0)),
  };
}

/** @returns what it is after this look, and how many looks in a row have spoken for a change without making one */
function vote(pressure: Pressure, before: PressureState, sample: PressureSample): { readonly high: boolean; readonly count: number } {
  const isHigh = before.high.includes(pressure);
  if (readings[pressure](sample, before.sample) !== (isHigh ? "low" : "high")) return { high: isHigh, count: 0 };
  const count = (before.votes[pressure] ?? 0) + 1;
  return count < patience[pressure][isHigh ? "leave" : "enter"] ? { high: isHigh, count } : { high: !isHigh, count: 0 };
}

/** Undefined between the two marks: then it stays as it is. */
type Reading = "high" | "low" | undefined;

const readings: Readonly<Record<Pressure, (now: PressureSample, before: PressureSample | undefined) => Reading>> = {
  memory: ({ memory, stalled }, before) => {
    const hits = (memory?.hits ?? 0) - (before?.memory?.hits ?? 0);
    const share = memory?.usedBytes === undefined || memory.limitBytes === undefined ? 0 : memory.usedBytes / memory.limitBytes;
    const waits = byMarks(stalled?.memory, 20, 5) ?? "between";
    if (waits === "high" || (hits > 0 && share >= 0.9)) return "high";
    return hits <= 0 && (waits === "low" || stalled?.memory === undefined) ? "low" : undefined;
  },
  cpu: ({ cpu }, before) => {
    if (cpu === undefined) return undefined;
    const periods = cpu.periods - (before?.cpu?.periods ?? 0);
    const throttled = cpu.throttled - (before?.cpu?.throttled ?? 0);
    return byMarks(periods <= 0 ? 0 : throttled / periods, 0.5, 0.2);
  },
  io: ({ stalled }) => byMarks(stalled?.io, 40, 10),
  processes: ({ processes }, before) => {
    if (processes === undefined) return undefined;
    if (processes.refused > (before?.processes?.refused ?? 0)) return "high";
    return processes.limit !== undefined && processes.current >= 0.9 * processes.limit ? undefined : "low";
  },
  scratch: ({ scratch }) => (scratch === undefined ? undefined : byMarks(scratch.usedBytes / scratch.totalBytes, 0.95, 0.85)),
};

function byMarks(value: number | undefined, high: number, low: number): Reading {
  if (value === undefined) return undefined;
  return value >= high ? "high" : value < low ? "low" : undefined;
}

/** `key value` lines as cgroup files have them: memory.oom_control, memory.events, cpu.stat, pids.events. Undefined when the key is not there. */
export function findCount(text: string | undefined, key: string): number | undefined {
  const value = text === undefined ? undefined : new RegExp(`^${key} (\\d+)$`, "m").exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

/** The first line of a PSI file: "some avg10=0.12 avg60=…"; Documentation/accounting/psi.rst. */
export function findStall(text: string | undefined): number | undefined {
  const value = text === undefined ? undefined : /^some avg10=([\d.]+)/.exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}
