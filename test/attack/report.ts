/** What a run has shown, as a table for people and a document for programs. */
import { renderTable } from "../../src/base/table.ts";
import type { Tries } from "./attack.ts";
import { isWorse } from "./judge.ts";
import type { TargetName } from "./target.ts";
import { type Attempt, expectationOf } from "./technique.ts";

export interface Result extends Tries {
  readonly attempt: Attempt;
  readonly target: TargetName;
}

export interface Report {
  readonly targets: readonly TargetName[];
  readonly results: readonly Result[];
  /** Engines that could not be run, and why. */
  readonly absent: readonly { readonly name: string; readonly reason: string }[];
  /** Events in iscadm's ledger after all of it. */
  readonly kinds: Readonly<Record<string, number>>;
  /** What was checked about the dock at the end; words of what is wrong. */
  readonly faults: readonly string[];
}

/** What makes a run fail: an error of the suite, or less than was promised. */
export function listFailures({ results, faults }: Report): readonly string[] {
  return [
    ...faults,
    ...results.flatMap(({ attempt, target, outcome: { verdict, evidence } }) => {
      if (verdict === "error") return [`${attempt.id} on ${target}: error of the suite: ${evidence}`];
      if (target !== "iscadm" || verdict === "none" || !isWorse(verdict, expectationOf(attempt))) return [];
      return [`${attempt.id} on ${target}: ${verdict}, expected ${expectationOf(attempt)}: ${evidence}`];
    }),
  ];
}

export function renderReport(report: Report): string {
  const kinds = Object.entries(report.kinds).map(([kind, count]) => `${kind} ${count}`);
  const parts = [renderAttempts(report), renderCounts(report), ...renderMissed(report), `iscadm's ledger: ${kinds.join(", ")}`];
  return [...parts, ...report.absent.map(renderAbsent)].join("\n\n");
}

function renderAttempts({ targets, results }: Report): string {
  const attempts = [...new Set(results.map(({ attempt }) => attempt))];
  const rows = attempts.map((attempt) => {
    const of = (target: TargetName) => results.find((result) => result.attempt === attempt && result.target === target);
    const own = of("iscadm");
    return [
      attempt.id,
      attempt.technique.attack,
      attempt.role,
      ...targets.map((target) => of(target)?.outcome.verdict ?? ""),
      cut(own?.outcome.evidence ?? "", 32),
      [...(own?.outcome.alarms ?? []), ...(own?.outcome.records ?? []).map((kind) => `(${kind})`)].join(" "),
      own?.outcome.detectMs === undefined ? "" : `${own.outcome.detectMs}`,
      own?.outcome.cleanMs === undefined ? "" : `${own.outcome.cleanMs}`,
      own?.resetMs === undefined ? "" : `${own.resetMs}`,
      attempt.technique.layer,
    ];
  });
  const right = { align: "right" } as const;
  const columns = [
    ...["TECHNIQUE", "ATT&CK", "AS", ...targets.map((name) => name.toUpperCase()), "SEEN INSIDE", "EVENTS"].map((header) => ({ header })),
    ...["DETECT ms", "CLEAN ms", "RESET ms"].map((header) => ({ header, ...right })),
    { header: "LAYER" },
  ];
  return renderTable(columns, rows);
}

const counted = ["prevented", "reverted", "detected", "missed", "none", "error"] as const;

function renderCounts({ targets, results }: Report): string {
  const rows = targets.map((target) => {
    const own = results.filter((result) => result.target === target);
    return [
      target,
      ...counted.map((verdict) => String(own.filter(({ outcome }) => outcome.verdict === verdict).length)),
      String(own.length),
    ];
  });
  const headers = ["PREVENTED", "DETECTED AND REVERTED", "DETECTED", "MISSED", "NOT TRIED", "ERROR", "ALL"];
  return renderTable([{ header: "ENGINE" }, ...headers.map((header) => ({ header, align: "right" as const }))], rows);
}

function renderMissed({ targets, results }: Report): readonly string[] {
  return targets.flatMap((target) => {
    const missed = results.filter((result) => result.target === target && result.outcome.verdict === "missed");
    if (missed.length === 0) return [];
    return [`missed by ${target}:\n${missed.map(({ attempt }) => `  ${attempt.id}: ${attempt.technique.title}`).join("\n")}`];
  });
}

function renderAbsent({ name, reason }: Report["absent"][number]): string {
  return `SKIP ${name}: ${reason}`;
}

export function renderJson(report: Report): string {
  const results = report.results.map(({ attempt, target, outcome, resetMs }) => ({
    technique: attempt.id,
    title: attempt.technique.title,
    attack: attempt.technique.attack,
    family: attempt.family,
    role: attempt.role,
    target,
    ...outcome,
    ...(resetMs !== undefined && { resetMs }),
    layer: attempt.technique.layer,
    expect: expectationOf(attempt),
  }));
  const { targets, absent, faults, kinds } = report;
  return `${JSON.stringify({ version: 1, targets, absent, faults, kinds, failures: listFailures(report), results }, undefined, 2)}\n`;
}

function cut(text: string, most: number): string {
  const line = text.replaceAll(/[^\x20-\x7e]/g, "?");
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
