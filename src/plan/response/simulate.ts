/** A policy held against events of the past: what would have been done, each action taking no time. Pure. */
import type { Event } from "../../model/event.ts";
import type { ResponsePolicy } from "../../model/respond.ts";
import { emptyBook, type ResponseBook, recordResponse } from "./book.ts";
import { type Decision, decide, decideAgain } from "./decide.ts";

export interface SimulatedStep {
  readonly event: Event;
  /** When it would have been done. */
  readonly atMs: number;
  readonly decision: Decision;
}

/** @param events of one ISC, oldest first. What was really done then counts for nothing. */
export function simulateResponses(policy: ResponsePolicy, events: readonly Event[]): readonly SimulatedStep[] {
  const run = new Simulation(policy);
  for (const event of events) run.take(event);
  run.finish();
  return run.steps;
}

class Simulation {
  readonly steps: SimulatedStep[] = [];
  readonly #policy: ResponsePolicy;
  #book: ResponseBook = emptyBook;
  #quarantined = false;
  #waiting: { readonly event: Event; readonly untilMs: number } | undefined;

  constructor(policy: ResponsePolicy) {
    this.#policy = policy;
  }

  take(event: Event): void {
    const nowMs = Date.parse(event.time);
    this.#wake(nowMs);
    const { decision, book } = decide({ policy: this.#policy, book: this.#book, quarantined: this.#quarantined, nowMs }, event);
    this.#book = book;
    this.#carryOut(event, decision, nowMs);
  }

  finish(): void {
    this.#wake(Number.POSITIVE_INFINITY);
  }

  #wake(nowMs: number): void {
    const waiting = this.#waiting;
    if (!waiting || waiting.untilMs > nowMs) return;
    this.#waiting = undefined;
    const situation = { policy: this.#policy, book: this.#book, quarantined: this.#quarantined, nowMs: waiting.untilMs };
    this.#carryOut(waiting.event, decideAgain(situation, waiting.event), waiting.untilMs);
  }

  #carryOut(event: Event, decision: Decision, atMs: number): void {
    if (decision.kind === "wait") this.#waiting ??= { event, untilMs: decision.untilMs };
    if (decision.kind !== "none") this.steps.push({ event, atMs, decision });
    if (decision.kind !== "act") return;
    if (decision.action === "release") this.#quarantined = false;
    if (decision.action === "notify" || decision.action === "release") return;
    if (decision.action === "quarantine") this.#quarantined = true;
    const time = new Date(atMs).toISOString();
    const about = (kind: string): Event => ({ ...event, sensor: "response", kind, time, facts: { action: decision.action } });
    this.#book = recordResponse(recordResponse(this.#book, about("response.begin")), about("response.done"));
  }
}
