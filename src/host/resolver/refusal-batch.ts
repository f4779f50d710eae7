/** Queries that were not answered, counted by kind. One asker can neither fill it nor push another's out. */
import type { RefusalReason } from "./decide-query.ts";

/** malformed: no DNS query · limited: more than one may ask · crowded: more waits for answers from outside than may. */
export type UnansweredReason = RefusalReason | "malformed" | "limited" | "crowded";

export interface RefusedQuery {
  readonly asker: string;
  readonly source: string;
  /** As it came, with "?" for what is not printable; empty where none was read. */
  readonly name: string;
  readonly type: string;
  readonly reason: UnansweredReason;
}

export interface CountedRefusal extends RefusedQuery {
  readonly count: number;
}

export interface RefusalReport {
  readonly refused: readonly CountedRefusal[];
  /** Of more kinds than are told one by one, by asker. */
  readonly further: readonly { readonly asker: string; readonly count: number }[];
  /** Queries from addresses that no ISC has. */
  readonly strangers: number;
}

/** In one report. */
export const mostKindsOfOne = 20;
export const mostKinds = 200;

export class RefusalBatch {
  readonly #kinds = new Map<string, { readonly refused: RefusedQuery; count: number }>();
  readonly #kindsOf = new Map<string, number>();
  readonly #further = new Map<string, number>();
  #strangers = 0;

  noteStranger(): void {
    this.#strangers += 1;
  }

  note(refused: RefusedQuery): void {
    const key = `${refused.source} ${refused.reason} ${refused.type} ${refused.name}`;
    const known = this.#kinds.get(key);
    if (known) {
      known.count += 1;
      return;
    }
    const kinds = this.#kindsOf.get(refused.asker) ?? 0;
    if (kinds >= mostKindsOfOne || this.#kinds.size >= mostKinds) {
      this.#further.set(refused.asker, (this.#further.get(refused.asker) ?? 0) + 1);
      return;
    }
    this.#kindsOf.set(refused.asker, kinds + 1);
    this.#kinds.set(key, { refused: { ...refused, name: printable(refused.name) }, count: 1 });
  }

  /** Everything since the last call. */
  take(): RefusalReport {
    const report = {
      refused: [...this.#kinds.values()].map(({ refused, count }) => ({ ...refused, count })),
      further: [...this.#further].map(([asker, count]) => ({ asker, count })),
      strangers: this.#strangers,
    };
    this.#kinds.clear();
    this.#kindsOf.clear();
    this.#further.clear();
    this.#strangers = 0;
    return report;
  }
}

function printable(name: string): string {
  return name.slice(0, 255).replace(/[^\x21-\x7e]/g, "?");
}
