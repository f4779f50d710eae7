/**
 * Refused packets → events: one for each ISC, direction, peer and port in an interval, at once when it is new and with a count at the end.
 * What one ISC may tell in an interval is limited, so that a flood neither fills the ledger nor hides another's; the rest is counted.
 */
import type { EventDraft } from "../../model/event.ts";
import { describeRefusal, describeScan, type Refused } from "./refusal-words.ts";

export const intervalMs = 10_000;
/** Peers and ports that one ISC's refusals in one direction are told by name. */
const mostNamed = 20;
/** Different peers and ports within an interval that make a scan. */
const scanFrom = 12;

interface Named {
  readonly first: Refused;
  pending: number;
}

/** One ISC, or link that is no ISC's, and one direction. */
class Tally {
  readonly untilMs: number;
  readonly #named = new Map<string, Named>();
  readonly #beyond = new Set<string>();
  #beyondCount = 0;
  #last: Refused | undefined;
  #scanTold = false;

  constructor(nowMs: number) {
    this.untilMs = nowMs + intervalMs;
  }

  note(refused: Refused): readonly EventDraft[] {
    const key = JSON.stringify([refused.peer, refused.protocol, refused.port ?? refused.icmpType ?? ""]);
    const known = this.#named.get(key);
    if (known) {
      known.pending += refused.count;
      return [];
    }
    if (this.#named.size < mostNamed) {
      this.#named.set(key, { first: refused, pending: 0 });
      return [describeRefusal(refused), ...this.#findScan(refused)];
    }
    this.#beyond.add(key);
    this.#beyondCount += refused.count;
    this.#last = refused;
    return [];
  }

  end(): readonly EventDraft[] {
    const again = [...this.#named.values()].filter(({ pending }) => pending > 0);
    return [
      ...again.map(({ first, pending }) => describeRefusal({ ...first, count: pending })),
      ...(this.#last
        ? [describeScan(this.#last, { kinds: mostNamed + this.#beyond.size, packets: this.#beyondCount, further: true })]
        : []),
    ];
  }

  #findScan(refused: Refused): readonly EventDraft[] {
    if (this.#scanTold || this.#named.size < scanFrom || !refused.isOpening || refused.limited) return [];
    this.#scanTold = true;
    const packets = [...this.#named.values()].reduce((sum, { first, pending }) => sum + first.count + pending, 0);
    return [describeScan(refused, { kinds: this.#named.size, packets, further: false })];
  }
}

export class RefusalTally {
  readonly #tallies = new Map<string, Tally>();

  get isEmpty(): boolean {
    return this.#tallies.size === 0;
  }

  note(refused: Refused, nowMs: number): readonly EventDraft[] {
    const key = `${refused.isc?.name ?? refused.link} ${refused.direction} ${refused.quarantined} ${refused.limited}`;
    let tally = this.#tallies.get(key);
    const ended: EventDraft[] = [];
    if (tally && tally.untilMs <= nowMs) {
      ended.push(...tally.end());
      tally = undefined;
    }
    if (!tally) {
      tally = new Tally(nowMs);
      this.#tallies.set(key, tally);
    }
    return [...ended, ...tally.note(refused)];
  }

  /** Of intervals that are over. */
  end(nowMs: number): readonly EventDraft[] {
    const over = [...this.#tallies].filter(([, { untilMs }]) => untilMs <= nowMs);
    for (const [key] of over) this.#tallies.delete(key);
    return over.flatMap(([, tally]) => tally.end());
  }
}
