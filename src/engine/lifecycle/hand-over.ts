/** Replacing an instance whose volumes two cannot use at once: the old one ends, then the fresh one starts on its volumes. */
import { addWindow } from "../../model/instance.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { findSnapshot } from "../snapshots.ts";
import { rollbackVolumes } from "../volumes/volume-snapshots.ts";
import { besideOf, withoutBeside } from "./beside.ts";
import { ageOf, findReserved, type Step, type StepAnswer } from "./reserve.ts";
import { startFresh } from "./start.ts";
import { endProcesses, removeInstance } from "./stop.ts";

/** The caller holds the ISC's lock. A fresh one that does not become well gives the place back to the old one, started anew. */
export async function handOver(engine: Engine, { name, next, snapshot }: Step): Promise<StepAnswer> {
  const before = findReserved(engine, name, next);
  const reachableMs = ageOf(engine, before);
  const began = engine.host.monotonic();
  await endProcesses(engine, before);
  await removeInstance(engine, before);
  const { instance, slot, machineId, image, networks } = next;
  const windows = addWindow(before.windows, reachableMs);
  await engine.iscs.update(name, { instance, slot, machineId, image, networks, beside: withoutBeside(before, instance), windows });
  try {
    await startFresh(engine, name);
  } catch (error) {
    const old = besideOf(before, "previous");
    if (snapshot !== undefined) await restoreVolumes(engine, name, snapshot);
    const { role: _role, ...own } = old;
    await engine.iscs.update(name, own);
    await startFresh(engine, name);
    throw error;
  }
  return { reachableMs, gapMs: Math.round(engine.host.monotonic() - began) };
}

/** What the fresh instance has written may be nothing that the old one can read. */
async function restoreVolumes(engine: Engine, name: Name, snapshot: Name): Promise<void> {
  const { image } = await findSnapshot(engine, name, snapshot);
  const { posture } = await engine.images.open(image);
  await rollbackVolumes(engine, { isc: name, snapshot }, posture.volumes);
}
