/** Outside names in the resolver process: who waits for which, and what the dock has answered, for as long as that holds. */
import { emptyMs, failedMs, type OutsideQuestion, type Resolution, type ResolverLimits } from "./resolver-words.ts";

/** Askers give up after 5 s (resolv.conf(5)); the dock may take as long. */
const patienceMs = 5_000;

type Waiting = (resolution: Resolution, ttlSeconds: number) => void;

interface Asked {
  readonly asker: string;
  readonly key: string;
  readonly waiting: Waiting[];
  readonly untilMs: number;
}

interface Known {
  readonly resolution: Resolution;
  readonly untilMs: number;
}

export interface OutsideDeskOptions {
  readonly limits: Pick<ResolverLimits, "waitingOfOne" | "asking">;
  readonly now: () => number;
  readonly ask: (question: OutsideQuestion) => void;
}

export class OutsideDesk {
  readonly #options: OutsideDeskOptions;
  /** What an asker has been told its addresses are open for; so never by name alone. */
  readonly #known = new Map<string, Known>();
  readonly #asked = new Map<number, Asked>();
  readonly #askedByKey = new Map<string, number>();
  readonly #waitingOf = new Map<string, number>();
  #lastId = 0;

  constructor(options: OutsideDeskOptions) {
    this.#options = options;
  }

  /** False: too much waits already. */
  ask(asker: string, name: string, waiting: Waiting): boolean {
    const key = `${asker} ${name}`;
    const nowMs = this.#options.now();
    const known = this.#known.get(key);
    if (known && known.untilMs > nowMs) {
      waiting(known.resolution, remainingSeconds(known.untilMs, nowMs));
      return true;
    }
    this.#giveUp(nowMs);
    const waits = this.#waitingOf.get(asker) ?? 0;
    if (waits >= this.#options.limits.waitingOfOne) return false;
    const joined = this.#asked.get(this.#askedByKey.get(key) ?? 0);
    if (!joined && this.#asked.size >= this.#options.limits.asking) return false;
    this.#waitingOf.set(asker, waits + 1);
    if (joined) joined.waiting.push(waiting);
    else this.#begin({ asker, key, waiting: [waiting], untilMs: nowMs + patienceMs }, name);
    return true;
  }

  hear(id: number, resolution: Resolution): void {
    const asked = this.#asked.get(id);
    if (!asked) return;
    const nowMs = this.#options.now();
    const untilMs = nowMs + lifeMs(resolution);
    this.#known.set(asked.key, { resolution, untilMs });
    this.#end(id, asked, resolution, remainingSeconds(untilMs, nowMs));
  }

  /** What was answered under another policy no longer holds. */
  forget(): void {
    this.#known.clear();
  }

  #begin(asked: Asked, name: string): void {
    this.#lastId += 1;
    this.#asked.set(this.#lastId, asked);
    this.#askedByKey.set(asked.key, this.#lastId);
    this.#options.ask({ id: this.#lastId, asker: asked.asker, name });
  }

  #giveUp(nowMs: number): void {
    for (const [id, asked] of this.#asked) {
      // In the order they were asked.
      if (asked.untilMs > nowMs) return;
      this.#end(id, asked, { kind: "failed" }, 0);
    }
  }

  #end(id: number, { asker, key, waiting }: Asked, resolution: Resolution, ttlSeconds: number): void {
    this.#asked.delete(id);
    this.#askedByKey.delete(key);
    const left = (this.#waitingOf.get(asker) ?? 0) - waiting.length;
    if (left > 0) this.#waitingOf.set(asker, left);
    else this.#waitingOf.delete(asker);
    for (const answer of waiting) answer(resolution, ttlSeconds);
  }
}

function lifeMs(resolution: Resolution): number {
  if (resolution.kind === "found") return resolution.ttlSeconds * 1_000;
  return resolution.kind === "none" ? emptyMs : failedMs;
}

function remainingSeconds(untilMs: number, nowMs: number): number {
  return Math.max(1, Math.floor((untilMs - nowMs) / 1_000));
}
