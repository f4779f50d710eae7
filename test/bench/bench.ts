/** What every row is given: who competes, how often, and where the values go. */
import { reasonOf } from "../../src/base/reason-of.ts";
import type { Area } from "./area.ts";
import type { Contender } from "./contender.ts";
import type { IscadmContender } from "./iscadm-contender.ts";
import type { ContenderName, Measure, Measurements } from "./measurements.ts";
import type { BenchOptions } from "./options.ts";
import type { SealedRoot } from "./sealed-root.ts";
import type { Endpoint } from "./wait-for-answer.ts";

export interface Bench {
  readonly area: Area;
  readonly options: BenchOptions;
  readonly measurements: Measurements;
  readonly iscadm: IscadmContender;
  readonly root: SealedRoot;
  /** All that can run here, iscadm included. */
  readonly contenders: readonly Contender[];
  /** Engines that cannot run here, with the reason. */
  readonly absent: readonly { readonly name: ContenderName; readonly reason: string }[];
  /** nginx without a container. */
  readonly bare?: Endpoint | undefined;
  readonly say: (line: string) => void;
}

/** Who is still in the race of one row. One that fails is out, with its reason in the table; the others go on. */
export class Race {
  readonly #bench: Bench;
  readonly #measures: readonly Measure[];
  #runners: readonly Contender[];

  constructor(bench: Bench, measures: readonly Measure[], runners: readonly Contender[] = bench.contenders) {
    this.#bench = bench;
    this.#measures = measures;
    this.#runners = runners;
    for (const { name, reason } of bench.absent) for (const measure of measures) bench.measurements.skip(measure, name, reason);
  }

  /** One turn of each, one after the other, in an order that moves on with every round: A B C, B C A, C A B. */
  async round(number: number, turn: (contender: Contender) => Promise<void>): Promise<void> {
    const first = number % Math.max(this.#runners.length, 1);
    for (const contender of [...this.#runners.slice(first), ...this.#runners.slice(0, first)]) await this.#take(contender, turn);
  }

  async #take(contender: Contender, turn: (contender: Contender) => Promise<void>): Promise<void> {
    this.#bench.area.assertOpen();
    try {
      await turn(contender);
    } catch (error) {
      const reason = reasonOf(error);
      this.#bench.say(`${contender.name} is out: ${reason}`);
      for (const measure of this.#measures) this.#bench.measurements.skip(measure, contender.name, reason);
      this.#runners = this.#runners.filter((runner) => runner !== contender);
      await contender.stop(0).catch(() => {});
    }
  }
}

export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
