/** Reset: back to the known good state, now. New root mount, new scratch with a new key, new processes; volumes stay unless asked. */
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { findProcess, removeProcess } from "../parts/process.ts";
import { removeRootMount, unmountAll } from "../parts/root-mount.ts";
import { removeScratch } from "../parts/scratch.ts";
import { keepEvidenceOfQuarantined } from "../respond/evidence.ts";
import { type StartAnswer, startFresh } from "./start.ts";
import { endProcesses, removeBeside } from "./stop.ts";

/** Processes that hold volumes get this long to put them in order. Without volumes there is nothing worth waiting for. */
const volumeGraceMs = 2_000;

/** Starts a stopped ISC too. The network stays: it belongs to the host, so nothing inside can have changed it. Throws Problem; when the image cannot be used, nothing has changed. */
export function resetIsc(engine: Engine, name: Name): Promise<StartAnswer> {
  return engine.locks.run(name, async () => {
    const record = engine.iscs.get(name);
    // What could not be started again is left as it runs.
    const { posture } = await engine.images.open(record.image);
    const hasVolumes = Object.keys(posture.volumes).length > 0;
    await keepEvidenceOfQuarantined(engine, record, "reset");
    if (findProcess(engine, name)) await endProcesses(engine, record, hasVolumes ? volumeGraceMs : 0);
    await removeBeside(engine, name);
    await removeProcess(engine, name);
    await engine.watchers.stopped(name);
    unmountAll(engine, `${engine.layout.live.directory(name)}/volumes`);
    unmountAll(engine, `${engine.layout.live.directory(name)}/overlay`);
    await removeScratch(engine, name);
    removeRootMount(engine, record);
    return startFresh(engine, name);
  });
}
