/** ISCs that a stack no longer names: no new connection comes to them, those that are open may end, then they go. */
import type { Name } from "../../model/name.ts";
import type { PresentIsc } from "../../plan/stack/diff-stack.ts";
import type { Engine } from "../engine.ts";
import { destroyIsc } from "../lifecycle/destroy.ts";
import { countOpen } from "../lifecycle/drain.ts";
import { stopIsc } from "../lifecycle/stop.ts";
import { findProcess } from "../parts/process.ts";

/** How long open connections get. */
const drainMs = 10_000;
const settleMs = 300;
const pollMs = 100;

/** One that has volumes is stopped and stays: its data is somebody's. Throws Problem. */
export async function retireIsc(engine: Engine, { name, hasVolumes, quarantined }: PresentIsc): Promise<void> {
  if (!quarantined) await awaitQuiet(engine, name);
  if (hasVolumes) await stopIsc(engine, name);
  else await destroyIsc(engine, name, { shred: false });
}

async function awaitQuiet(engine: Engine, name: Name): Promise<void> {
  const record = engine.iscs.get(name);
  const manifest = await engine.images.findManifest(record.image);
  if (!manifest) return;
  const ports = new Set(manifest.posture.network.listen.map(({ port }) => port));
  const deadline = engine.host.monotonic() + drainMs;
  // A connection whose first packet went to it a moment ago is there by then.
  await engine.host.sleep(settleMs);
  while (findProcess(engine, name) && engine.host.monotonic() < deadline) {
    if (countOpen(engine, name, ports, manifest) === 0) return;
    await engine.host.sleep(pollMs);
  }
}
