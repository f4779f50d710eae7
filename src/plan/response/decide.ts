/** One event on an ISC, and what was done about it so far → what to do now. Pure. */
import { type Event, isAtLeast } from "../../model/event.ts";
import type { ContractRow } from "../../model/finding.ts";
import { type BudgetedAction, budgetedActions, type ResponseAction, type ResponsePolicy, type ResponseRule } from "../../model/respond.ts";
import { type ResponseBook, recordHit } from "./book.ts";

export type Decision =
  /** No rule is about it, or not yet. */
  | { readonly kind: "none"; readonly reason: string }
  | { readonly kind: "act"; readonly action: ResponseAction; readonly rule: ResponseRule; readonly reason: string }
  /** The last action has just ended: ask again then, if it is still so. */
  | { readonly kind: "wait"; readonly untilMs: number; readonly reason: string };

export interface Situation {
  readonly policy: ResponsePolicy;
  readonly book: ResponseBook;
  readonly quarantined: boolean;
  readonly nowMs: number;
}

export interface Judgement {
  readonly decision: Decision;
  readonly book: ResponseBook;
}

/** What the ladder climbs to; the others are only done where a rule names them. */
const climbing: ReadonlySet<BudgetedAction> = new Set(["restart", "reset", "quarantine", "destroy"]);

export function decide(situation: Situation, event: Event): Judgement {
  const { policy, book, nowMs } = situation;
  const place = policy.rules.findIndex((rule) => isAbout(rule, event));
  const rule = policy.rules[place];
  if (!rule || rule.action === "ignore")
    return { decision: { kind: "none", reason: rule ? "a rule ignores it" : "no rule is about it" }, book };
  if (Date.parse(event.time) <= (book.endedAtMs ?? Number.NEGATIVE_INFINITY))
    return { decision: { kind: "none", reason: "it is older than the last action" }, book };
  const counted = recordHit(book, place, Date.parse(event.time), rule.perMs);
  const hits = counted.hits.get(place)?.length ?? 0;
  if (hits < rule.times) return { decision: { kind: "none", reason: `${hits} of ${rule.times} times` }, book: counted };
  return { decision: choose({ ...situation, book: counted, nowMs }, rule, event), book: counted };
}

/** Again, after a pause: it has been counted already. */
export function decideAgain(situation: Situation, event: Event): Decision {
  const rule = situation.policy.rules.find((one) => isAbout(one, event));
  if (!rule || rule.action === "ignore") return { kind: "none", reason: "no rule is about it" };
  if (Date.parse(event.time) <= (situation.book.endedAtMs ?? Number.NEGATIVE_INFINITY))
    return { kind: "none", reason: "it is older than the last action" };
  return choose(situation, rule, event);
}

function choose({ policy, book, quarantined, nowMs }: Situation, rule: ResponseRule, event: Event): Decision {
  const wanted = rule.action;
  if (wanted === "ignore") return { kind: "none", reason: "a rule ignores it" };
  const why = `${event.kind}: ${event.message}`;
  if (wanted === "notify") return { kind: "act", action: wanted, rule, reason: why };
  if (book.unfinished) return { kind: "none", reason: `${String(book.unfinished.facts.action)} is under way` };
  if (wanted === "release")
    return quarantined ? { kind: "act", action: wanted, rule, reason: why } : { kind: "none", reason: "it is not in quarantine" };
  const freeAtMs = (book.endedAtMs ?? Number.NEGATIVE_INFINITY) + policy.cooldownMs;
  if (nowMs < freeAtMs) return { kind: "wait", untilMs: freeAtMs, reason: "the last action has just ended" };
  const action = budgetedActions.slice(budgetedActions.indexOf(wanted)).find((one) => {
    const isWanted = one === wanted;
    if (!isWanted && !climbing.has(one)) return false;
    // Frozen and cut off, it can only be thrown away.
    if (quarantined && one !== "destroy") return false;
    return hasBudget(policy, book, one, nowMs);
  });
  if (action === undefined) return { kind: "none", reason: quarantined ? "it is in quarantine already" : "every budget is spent" };
  return { kind: "act", action, rule, reason: action === wanted ? why : `${why} (${wanted} has been done too often)` };
}

function hasBudget({ ladder }: ResponsePolicy, { begun }: ResponseBook, action: BudgetedAction, nowMs: number): boolean {
  const { times, perMs } = ladder[action];
  return begun.filter((one) => one.action === action && one.atMs > nowMs - perMs).length < times;
}

/** What the dock says of its own responses leads to none: it would answer itself. */
function isAbout({ event: kind, sensor, severity, rows }: ResponseRule, event: Event): boolean {
  if (event.isc === undefined || event.sensor === "response") return false;
  if (kind !== undefined && event.kind !== kind && !event.kind.startsWith(`${kind}.`)) return false;
  if (sensor !== undefined && event.sensor !== sensor) return false;
  if (severity !== undefined && !isAtLeast(event.severity, severity)) return false;
  // What is mended is no reason for anything.
  if (rows !== undefined) return event.kind === "integrity.drift" && rows.includes(event.facts.row as ContractRow);
  return true;
}
