/** The dock's table, changed by somebody else → events: the first at once, further ones together, so that no loop of a stranger fills the ledger. */
import type { EventDraft } from "../../model/event.ts";
import type { Committed, TableChange } from "./table-watch.ts";

/** Between two events. */
const pauseMs = 5_000;
/** Parts of the table that are told by name. */
const mostParts = 20;

export interface TableRepair {
  readonly table: string;
  /** Undefined where the kernel could not tell: it had lost messages. */
  readonly by: Pick<Committed, "pid" | "program"> | undefined;
  readonly changes: readonly TableChange[];
  /** Transactions that were mended in one go. */
  readonly count: number;
  readonly outcome:
    | { readonly kind: "restored"; readonly openMs: number; readonly connections: number }
    | { readonly kind: "left"; readonly reason: string };
}

export class RestoreTally {
  #pending: TableRepair[] = [];
  #toldAtMs = Number.NEGATIVE_INFINITY;

  note(repair: TableRepair, nowMs: number): readonly EventDraft[] {
    this.#pending.push(repair);
    return this.end(nowMs);
  }

  /** What waits to be told, when its time has come. */
  end(nowMs: number): readonly EventDraft[] {
    if (this.#pending.length === 0 || nowMs - this.#toldAtMs < pauseMs) return [];
    this.#toldAtMs = nowMs;
    const told = this.#pending;
    this.#pending = [];
    return (["restored", "left"] as const).flatMap((kind) => {
      const same = told.filter(({ outcome }) => outcome.kind === kind);
      return same.length === 0 ? [] : [kind === "restored" ? describeRestored(same) : describeLeft(same)];
    });
  }
}

function describeRestored(repairs: readonly TableRepair[]): EventDraft {
  const outcomes = repairs.flatMap(({ outcome }) => (outcome.kind === "restored" ? [outcome] : []));
  const openMs = Math.max(0, ...outcomes.map((outcome) => outcome.openMs));
  const connections = outcomes.reduce((sum, outcome) => sum + outcome.connections, 0);
  const again = repairs.length === 1 ? `after ${openMs} ms` : `each time, ${repairs.length} times, after ${openMs} ms at most`;
  const cut = describeCut(connections);
  return {
    sensor: "firewall",
    technique: "T1562.004",
    severity: "alert",
    kind: "firewall.restored",
    message: `${subjectOf(repairs)}; it was loaded again ${again}${cut}`,
    facts: { ...factsOf(repairs), openMs, connections },
  };
}

export interface FoundChanged {
  readonly table: string;
  readonly change: "gone" | "changed";
  readonly connections: number;
}

/** When a dock starts, and finds that the table of its running ISCs is not as a dock leaves it. */
export function describeFoundChanged({ table, change, connections }: FoundChanged): EventDraft {
  const what = change === "gone" ? "the firewall's table was gone" : "the firewall's table had other rules";
  const cut = describeCut(connections);
  return {
    sensor: "firewall",
    technique: "T1562.004",
    severity: "alert",
    kind: "firewall.restored",
    message: `${what} (${table}) when the dock started; it was loaded again${cut}`,
    facts: { table, gone: change === "gone", changes: [], count: 1, connections },
  };
}

function describeLeft(repairs: readonly TableRepair[]): EventDraft {
  const reasons = [...new Set(repairs.flatMap(({ outcome }) => (outcome.kind === "left" ? [outcome.reason] : [])))].join("; ");
  return {
    sensor: "firewall",
    technique: "T1562.004",
    severity: "critical",
    kind: "firewall.changed",
    message: `${subjectOf(repairs)}; it was left so: ${reasons}`,
    facts: { ...factsOf(repairs), reason: reasons.slice(0, 1_000) },
  };
}

function describeCut(connections: number): string {
  return connections === 0 ? "" : `; connections cut that it would not have let through: ${connections}`;
}

function subjectOf(repairs: readonly TableRepair[]): string {
  const table = repairs[0]?.table ?? "";
  return `${describeWho(repairs)} ${isGone(repairs) ? "took the firewall's table away" : "changed the firewall's table"} (${table})`;
}

function describeWho(repairs: readonly TableRepair[]): string {
  const known = repairs.flatMap(({ by }) => (by ? [`${by.program} (pid ${by.pid})`] : []));
  const names = [...new Set(known)];
  if (names.length === 0) return "somebody";
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and others`;
}

function isGone(repairs: readonly TableRepair[]): boolean {
  return repairs.some(({ changes }) => changes.some(({ kind, verb }) => kind === "table" && verb === "gone"));
}

function factsOf(repairs: readonly TableRepair[]): EventDraft["facts"] {
  const last = repairs.findLast(({ by }) => by)?.by;
  return {
    table: repairs[0]?.table ?? "",
    gone: isGone(repairs),
    changes: describeChanges(repairs.flatMap(({ changes }) => changes)),
    count: repairs.reduce((sum, { count }) => sum + count, 0),
    ...(last && { program: last.program, pid: last.pid }),
  };
}

/** "rule gone from inbound: 2", "element new in listen4: 1". */
function describeChanges(changes: readonly TableChange[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { kind, verb, name, count } of changes) {
    const place = name === undefined ? "" : ` ${kind === "element" || kind === "rule" ? (verb === "new" ? "in " : "from ") : ""}${name}`;
    const part = `${kind} ${verb}${place}`;
    counts.set(part, (counts.get(part) ?? 0) + count);
  }
  return [...counts].slice(0, mostParts).map(([part, count]) => `${part}: ${count}`);
}
