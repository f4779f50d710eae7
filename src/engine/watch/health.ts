/** The health sensor: makes each ISC's declared check again and again, and tells when it turns ill and when it is well again. */
import type { Health } from "../../model/blueprint.ts";
import type { Name } from "../../model/name.ts";
import { advanceHealth } from "../../plan/watch/health-state.ts";
import type { Engine } from "../engine.ts";
import { checkHealth, describeHealth } from "./health-check.ts";
import type { Watched } from "./watcher.ts";

export async function startHealth(engine: Engine): Promise<AsyncDisposable> {
  const rounds = new Map<Name, Round>();
  engine.watchers.add({
    name: "health",
    onStarted: (watched) => {
      const { health } = watched.manifest.posture;
      rounds.get(watched.record.name)?.end();
      if (health) rounds.set(watched.record.name, new Round(engine, watched, health));
    },
    onStopping: (name) => rounds.get(name)?.end(),
    onStopped: (name) => {
      rounds.get(name)?.end();
      rounds.delete(name);
      engine.conditions.forget(name);
    },
  });
  return {
    [Symbol.asyncDispose]: async () => {
      for (const round of rounds.values()) round.end();
      rounds.clear();
    },
  };
}

/** The checks of one ISC. The next waits for the last, so that a slow one makes no crowd. */
class Round {
  readonly #engine: Engine;
  readonly #watched: Watched;
  readonly #health: Health;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(engine: Engine, watched: Watched, health: Health) {
    this.#engine = engine;
    this.#watched = watched;
    this.#health = health;
    // Start has just made the first check; after a restart of the dock the state is unknown until the next.
    this.#wait();
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.#timer = setTimeout(() => void this.#check(), this.#health.everyMs).unref();
  }

  async #check(): Promise<void> {
    // Frozen, it answers nobody: that is no news.
    if (this.#engine.iscs.find(this.#watched.record.name)?.quarantine) return this.#wait();
    const fault = await checkHealth(this.#engine, this.#watched.record, this.#health);
    if (this.#ended) return;
    const { conditions, host } = this.#engine;
    const { name } = this.#watched.record;
    const { state, change } = advanceHealth(conditions.healthOf(name), fault, host.now(), this.#health.failures);
    conditions.setHealth(name, state);
    if (change) this.#tell(change, fault);
    this.#wait();
  }

  #tell(change: "failed" | "passed", fault: string | undefined): void {
    const { record } = this.#watched;
    const check = describeHealth(this.#health);
    const failed = change === "failed";
    this.#engine.events.emit({
      sensor: "health",
      severity: failed ? "alert" : "info",
      kind: `health.${change}`,
      message: failed
        ? `the health check ${check} failed ${this.#health.failures} times in a row: ${fault}`
        : `the health check ${check} passes again`,
      isc: record.name,
      image: record.image,
      facts: { check, failures: failed ? this.#health.failures : 0, ...(fault === undefined ? {} : { fault }) },
    });
  }
}
