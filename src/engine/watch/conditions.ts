/** What the sensors know of each running ISC now: shown by `ls` and `show`. Forgotten with its processes. */
import type { Name } from "../../model/name.ts";
import type { HealthState } from "../../plan/watch/health-state.ts";
import type { Pressure } from "../../plan/watch/pressure.ts";

export class Conditions {
  readonly #health = new Map<Name, HealthState>();
  readonly #pressures = new Map<Name, readonly Pressure[]>();
  readonly #listeners: ((name: Name) => void)[] = [];

  /** Undefined where no check is declared, or none has been made yet. */
  healthOf(name: Name): HealthState | undefined {
    return this.#health.get(name);
  }

  setHealth(name: Name, state: HealthState): void {
    const before = this.#health.get(name);
    this.#health.set(name, state);
    if ((before?.well ?? true) !== state.well) for (const listener of this.#listeners) listener(name);
  }

  /** @param listener hears of each that turns ill, or well again */
  onVerdict(listener: (name: Name) => void): void {
    this.#listeners.push(listener);
  }

  pressuresOn(name: Name): readonly Pressure[] {
    return this.#pressures.get(name) ?? [];
  }

  setPressures(name: Name, high: readonly Pressure[]): void {
    if (high.length === 0) this.#pressures.delete(name);
    else this.#pressures.set(name, high);
  }

  forget(name: Name): void {
    this.#health.delete(name);
    this.#pressures.delete(name);
  }
}
