/**
 * Programs that did not run → events: each program of each ISC once in an interval at once, and with a count at its end. What one ISC may
 * tell in an interval is limited, so that a flood neither fills the ledger nor hides another's; the rest is counted.
 */
import type { EventDraft } from "../../model/event.ts";
import type { Name } from "../../model/name.ts";
import { type Denied, describeDenial } from "./denial-words.ts";

export const denialIntervalMs = 10_000;
const mostNamed = 20;

class Tally {
  readonly untilMs: number;
  readonly #named = new Map<string, { readonly first: Denied; again: number }>();
  beyond = 0;

  constructor(nowMs: number) {
    this.untilMs = nowMs + denialIntervalMs;
  }

  note(denied: Denied): readonly EventDraft[] {
    const key = JSON.stringify([denied.path, denied.reason, denied.program, denied.uid]);
    const known = this.#named.get(key);
    if (known) {
      known.again += 1;
      return [];
    }
    if (this.#named.size >= mostNamed) {
      this.beyond += 1;
      return [];
    }
    this.#named.set(key, { first: denied, again: 0 });
    return [describeDenial(denied, 1)];
  }

  end(isc: Name): readonly EventDraft[] {
    const again = [...this.#named.values()].filter((one) => one.again > 0);
    return [
      ...again.map((one) => describeDenial(one.first, one.again)),
      ...(this.beyond > 0
        ? [
            {
              sensor: "exec",
              severity: "alert",
              kind: "exec.counted",
              message: `${this.beyond} further programs were not allowed to run`,
              isc,
              facts: { count: this.beyond },
              technique: "T1059",
            } as const,
          ]
        : []),
    ];
  }
}

export class DenialTally {
  readonly #tallies = new Map<Name, Tally>();

  get isEmpty(): boolean {
    return this.#tallies.size === 0;
  }

  note(denied: Denied, nowMs: number): readonly EventDraft[] {
    const { ended, tally } = this.#open(denied.isc, nowMs);
    return [...ended, ...tally.note(denied)];
  }

  /** Denials that nobody can describe any more. */
  noteFurther(isc: Name, count: number, nowMs: number): readonly EventDraft[] {
    const { ended, tally } = this.#open(isc, nowMs);
    tally.beyond += count;
    return ended;
  }

  /** Of intervals that are over. */
  end(nowMs: number): readonly EventDraft[] {
    const over = [...this.#tallies].filter(([, { untilMs }]) => untilMs <= nowMs);
    for (const [isc] of over) this.#tallies.delete(isc);
    return over.flatMap(([isc, tally]) => tally.end(isc));
  }

  #open(isc: Name, nowMs: number): { readonly ended: readonly EventDraft[]; readonly tally: Tally } {
    const known = this.#tallies.get(isc);
    if (known && known.untilMs > nowMs) return { ended: [], tally: known };
    const tally = new Tally(nowMs);
    this.#tallies.set(isc, tally);
    return { ended: known?.end(isc) ?? [], tally };
  }
}
