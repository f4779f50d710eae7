/**
 * The budgets of the project as data, and whether a run held them. Milliseconds are meant on a machine on which raw crun's
 * start takes 68 ms: on a faster one the limits shrink by the same factor, on a slower one they grow.
 */
import type { ContenderName, Measurements } from "./measurements.ts";
import { ratioOf } from "./statistics.ts";

export const referenceStartMs = 68;

export interface Verdict {
  readonly budget: string;
  readonly verdict: "HELD" | "MISSED" | "SKIP";
  /** The figures it rests on, or what is missing for a verdict. */
  readonly evidence: string;
}

type Budget =
  | { readonly kind: "most"; readonly id: string; readonly limit: number; readonly unit: string; readonly scaled: boolean }
  | { readonly kind: "least"; readonly id: string; readonly limit: number; readonly unit: string }
  | { readonly kind: "ratio"; readonly id: string; readonly to: ContenderName; readonly most?: number; readonly least?: number };

const budgets: readonly (Budget & { readonly title: string })[] = [
  { title: "start ≤ 1.5 × raw crun", kind: "ratio", id: "start", to: "raw crun", most: 1.5 },
  { title: "start ≥ 4 × faster than podman", kind: "ratio", id: "start", to: "podman", most: 1 / 4 },
  { title: "start ≥ 5 × faster than docker", kind: "ratio", id: "start", to: "docker", most: 1 / 5 },
  { title: "reset ≤ 300 ms", kind: "most", id: "reset", limit: 300, unit: "ms", scaled: true },
  { title: "tampering found → clean ≤ 300 ms", kind: "most", id: "heal-clean", limit: 300, unit: "ms", scaled: true },
  { title: "clone ≤ 5 ms each", kind: "most", id: "clone", limit: 5, unit: "ms", scaled: true },
  { title: "clone copies no image bytes", kind: "most", id: "clone-bytes", limit: 64 * 1024, unit: "bytes each", scaled: false },
  { title: "1,000 clones listed in ≤ 100 ms", kind: "most", id: "clone-list", limit: 100, unit: "ms", scaled: true },
  { title: "memory per running ISC ≤ 0.75 MiB", kind: "most", id: "memory", limit: 0.75, unit: "MiB", scaled: false },
  { title: "verify ≤ 50 ms", kind: "most", id: "verify", limit: 50, unit: "ms", scaled: true },
  { title: "full re-hash ≥ 0.8 × openssl on all cores", kind: "ratio", id: "rehash", to: "openssl", least: 0.8 },
  { title: "ls ≤ 50 ms", kind: "most", id: "list", limit: 50, unit: "ms", scaled: true },
  { title: "exec true ≤ 60 ms", kind: "most", id: "exec", limit: 60, unit: "ms", scaled: true },
  ...(["keep-alive", "new-connection"] as const).flatMap((id) => [
    { title: `${id} requests ≥ 0.98 × raw crun`, kind: "ratio" as const, id, to: "raw crun" as const, least: 0.98 },
    { title: `${id} requests not below podman`, kind: "ratio" as const, id, to: "podman" as const, least: 1 },
    { title: `${id} requests not below docker`, kind: "ratio" as const, id, to: "docker" as const, least: 1 },
    { title: `${id} requests: aim at 0.95 × bare`, kind: "ratio" as const, id, to: "bare nginx" as const, least: 0.95 },
  ]),
  { title: "no request fails while rotating every 5 s", kind: "most", id: "rotation-failed", limit: 0, unit: "requests", scaled: false },
  { title: "rebuild after one changed file ≤ 5 s", kind: "most", id: "rebuild", limit: 5_000, unit: "ms", scaled: true },
  { title: "another package set ≤ 20 s", kind: "most", id: "repackage", limit: 20_000, unit: "ms", scaled: true },
  ...["keep-alive", "new connection each"].map((way) => ({
    title: `2,000 flows ≥ 0.97 × 10 flows, ${way}`,
    kind: "least" as const,
    id: `flows-ratio ${way}`,
    limit: 0.97,
    unit: "×",
  })),
  { title: "2,000 flows load in ≤ 2 s", kind: "most", id: "flows-load", limit: 2_000, unit: "ms", scaled: true },
  ...["packets, declared flow", "packets, closed port", "connections", "DNS questions"].flatMap((flood) => {
    const ratio = { kind: "most" as const, unit: "×", scaled: false };
    return [
      { ...ratio, title: `flood of ${flood}: a neighbour's p50 ≤ 1.25 × quiet`, id: `flood-p50 ${flood}`, limit: 1.25 },
      { ...ratio, title: `flood of ${flood}: p99 ≤ 2 × beside a busy one`, id: `flood-p99 ${flood}`, limit: 2 },
    ];
  }),
  { title: "networks of 20 ISCs tested in ≤ 10 s", kind: "most", id: "stack-test 20", limit: 10_000, unit: "ms", scaled: true },
];

/** Only budgets of rows that were measured; one whose other side is missing is a SKIP. */
export function judgeBudgets(measurements: Measurements): readonly Verdict[] {
  return budgets.flatMap((budget) => {
    const own = measurements.summary(budget.id, "iscadm")?.median;
    if (own === undefined) return [];
    return [{ budget: budget.title, ...judge(budget, own, measurements) }];
  });
}

function judge(budget: Budget, own: number, measurements: Measurements): Omit<Verdict, "budget"> {
  switch (budget.kind) {
    case "ratio":
      return judgeRatio(budget, own, measurements);
    case "most":
      return judgeMost(budget, own, measurements);
    case "least":
      return { verdict: own >= budget.limit ? "HELD" : "MISSED", evidence: `${round(own)} ${budget.unit}` };
    default:
      return budget satisfies never;
  }
}

function judgeRatio(budget: Budget & { kind: "ratio" }, own: number, measurements: Measurements): Omit<Verdict, "budget"> {
  const other = measurements.summary(budget.id, budget.to)?.median;
  const ratio = ratioOf(own, other);
  if (other === undefined || ratio === undefined) return { verdict: "SKIP", evidence: `${budget.to} was not measured` };
  const held = ratio <= (budget.most ?? Number.POSITIVE_INFINITY) && ratio >= (budget.least ?? 0);
  const words = budget.most !== undefined && budget.most < 1 ? `${(1 / ratio).toFixed(1)} × faster` : `${ratio.toFixed(2)} ×`;
  return { verdict: held ? "HELD" : "MISSED", evidence: `${words} (${round(own)} against ${round(other)})` };
}

function judgeMost(budget: Budget & { kind: "most" }, own: number, measurements: Measurements): Omit<Verdict, "budget"> {
  const figures = `${round(own)} ${budget.unit}`;
  if (!budget.scaled) return { verdict: own <= budget.limit ? "HELD" : "MISSED", evidence: figures };
  const speed = ratioOf(measurements.summary("start", "raw crun")?.median, referenceStartMs);
  if (speed === undefined) {
    return { verdict: own <= budget.limit ? "HELD" : "MISSED", evidence: `${figures}; not scaled, raw crun's start was not measured` };
  }
  const limit = budget.limit * speed;
  const beyond = own > limit && own <= budget.limit ? "; held without scaling" : "";
  return { verdict: own <= limit ? "HELD" : "MISSED", evidence: `${figures}, limit here ${round(limit)} ms${beyond}` };
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
