/** Everything one run measured: a series of values for each row and contender, or the reason why there is none. */
import { type Summary, summarize } from "./statistics.ts";

export const contenderNames = ["bare nginx", "openssl", "raw crun", "iscadm", "podman", "docker"] as const;
export type ContenderName = (typeof contenderNames)[number];

export type Unit = "ms" | "MiB" | "bytes" | "requests/s" | "requests" | "MiB/s" | "ms/s" | "events/s" | "µs" | "×";

/** One line of the table: what is measured, and whom the others are held against. */
export interface Measure {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly reference?: ContenderName;
}

export interface Result {
  readonly measure: Measure;
  readonly contender: ContenderName;
  readonly values: readonly number[];
  /** Why there are no values. */
  readonly skipped?: string;
}

export class Measurements {
  readonly #results = new Map<string, { measure: Measure; contender: ContenderName; values: number[]; skipped?: string }>();

  add(measure: Measure, contender: ContenderName, value: number): void {
    this.#entry(measure, contender).values.push(value);
  }

  skip(measure: Measure, contender: ContenderName, reason: string): void {
    this.#entry(measure, contender).skipped = reason;
  }

  summary(id: string, contender: ContenderName): Summary | undefined {
    return summarize(this.#results.get(`${id}\0${contender}`)?.values ?? []);
  }

  /** By row in the order of measuring, contenders in the order of `contenderNames`. */
  list(): readonly Result[] {
    const results = [...this.#results.values()];
    const rows = [...new Set(results.map(({ measure }) => measure.id))];
    const place = (result: Result) => rows.indexOf(result.measure.id) * contenderNames.length + contenderNames.indexOf(result.contender);
    return results.toSorted((one, other) => place(one) - place(other));
  }

  #entry(measure: Measure, contender: ContenderName) {
    const key = `${measure.id}\0${contender}`;
    const found = this.#results.get(key) ?? { measure, contender, values: [] };
    this.#results.set(key, found);
    return found;
  }
}
