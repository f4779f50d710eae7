/** Cleanses by the clock: whoever's blueprint says `cleanse` is replaced when its instance has been there for that long. */
import type { Engine } from "../engine/engine.ts";
import { cleanseIsc } from "../engine/lifecycle/cleanse.ts";
import { findProcess } from "../engine/parts/process.ts";
import type { IscRecord } from "../model/isc.ts";
import type { Name } from "../model/name.ts";
import type { Dock } from "./dock.ts";

/** Each of them starts an ISC. */
const mostAtOnce = 2;

export class CleanseClock {
  readonly #dock: Dock;
  readonly #running = new Set<Name>();
  /** After a failure the next attempt waits for as long as an instance may be there. */
  readonly #notBefore = new Map<Name, number>();

  constructor(dock: Dock) {
    this.#dock = dock;
  }

  async look(): Promise<void> {
    const { engine } = this.#dock;
    for (const record of engine.iscs.list()) {
      if (this.#running.size >= mostAtOnce) return;
      const everyMs = await this.#dueAfter(engine, record);
      if (everyMs !== undefined) void this.#cleanse(record.name, everyMs);
    }
  }

  async #dueAfter(engine: Engine, { name, desired, image, quarantine }: IscRecord): Promise<number | undefined> {
    if (desired !== "running" || quarantine || this.#running.has(name)) return undefined;
    const everyMs = (await engine.images.findManifest(image))?.posture.cleanse?.everyMs;
    if (everyMs === undefined || (this.#notBefore.get(name) ?? 0) > engine.host.now()) return undefined;
    const live = findProcess(engine, name);
    return live && engine.host.now() - live.startedAtMs >= everyMs ? everyMs : undefined;
  }

  async #cleanse(name: Name, everyMs: number): Promise<void> {
    const { engine, log } = this.#dock;
    this.#running.add(name);
    try {
      await cleanseIsc(engine, name);
      this.#notBefore.delete(name);
    } catch (error) {
      log.error({ err: error, name }, "cleanse");
      this.#notBefore.set(name, engine.host.now() + everyMs);
    } finally {
      this.#running.delete(name);
    }
  }
}
