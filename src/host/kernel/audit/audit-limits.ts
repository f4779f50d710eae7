/** How much of one ISC's audit is passed on: a token bucket for each, and equal refusals only once in a while. Pure but for what it holds. */
import type { AuditEvent } from "./audit-event.ts";

export interface AuditLimit {
  /** Events of one ISC and one sort that may come at once, and how many more a second. */
  readonly burst: number;
  readonly perSecond: number;
  /** How long an equal refusal is only counted. */
  readonly sameMs: number;
}

export interface LimitedEvent {
  readonly event: AuditEvent;
  /** Equal ones since the last that was told, this one included. */
  readonly count: number;
}

interface Bucket {
  tokens: number;
  filledMs: number;
}

interface Same {
  /** Until then it is counted. */
  untilMs: number;
  event: AuditEvent;
  count: number;
}

/** Different refusals that are remembered, of all ISCs. */
const mostSame = 4_096;

export class AuditLimits {
  readonly #limit: AuditLimit;
  readonly #buckets = new Map<string, Bucket>();
  readonly #same = new Map<string, Same>();
  readonly #dropped = new Map<string, number>();

  constructor(limit: AuditLimit) {
    this.#limit = limit;
  }

  /** @param owner whose it is @returns what may be told now */
  pass(owner: string, event: AuditEvent, nowMs: number): LimitedEvent | undefined {
    // Each of them counts: who logged in, and what ran.
    const isRun = event.kind === "login" || (event.call.startsWith("execve") && event.succeeded);
    if (!isRun && this.#isRepeated(owner, event, nowMs)) return undefined;
    // A flood of commands must not hide what is refused, nor the other way round.
    if (this.#takeToken(`${owner} ${isRun ? "run" : "refused"}`, nowMs)) return { event, count: 1 };
    this.#dropped.set(owner, (this.#dropped.get(owner) ?? 0) + 1);
    return undefined;
  }

  /** Refusals that were counted, and whose time is over. */
  repeated(nowMs: number): readonly LimitedEvent[] {
    const over = [...this.#same].filter(([, { untilMs }]) => untilMs <= nowMs);
    for (const [key] of over) this.#same.delete(key);
    return over.filter(([, { count }]) => count > 0).map(([, { event, count }]) => ({ event, count }));
  }

  /** How many were dropped since the last question, by owner. */
  takeDropped(): Readonly<Record<string, number>> {
    const dropped = Object.fromEntries(this.#dropped);
    this.#dropped.clear();
    return dropped;
  }

  /** Something will have to be told though nothing new comes. */
  get isWaiting(): boolean {
    return this.#same.size > 0;
  }

  #isRepeated(owner: string, event: AuditEvent, nowMs: number): boolean {
    const key = JSON.stringify([owner, event.kind, event.call, event.errno, event.program, event.paths[0] ?? ""]);
    const same = this.#same.get(key);
    if (same && same.untilMs > nowMs) {
      same.count += 1;
      same.event = event;
      return true;
    }
    const before = same?.count ?? 0;
    if (!same && this.#same.size >= mostSame) return false;
    this.#same.set(key, { untilMs: nowMs + this.#limit.sameMs, event, count: before });
    return false;
  }

  #takeToken(key: string, nowMs: number): boolean {
    const { burst, perSecond } = this.#limit;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, filledMs: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.filledMs) / 1_000) * perSecond);
    bucket.filledMs = nowMs;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
