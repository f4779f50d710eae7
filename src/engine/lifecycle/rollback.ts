/** Rollback: an ISC becomes again what a snapshot says, image, exposures and volumes together. */
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { findProcess } from "../parts/process.ts";
import { keepEvidenceOfQuarantined } from "../respond/evidence.ts";
import { findSnapshot } from "../snapshots.ts";
import { rollbackVolumes } from "../volumes/volume-snapshots.ts";
import { assertHostPortsFree } from "./host-ports.ts";
import { startFresh } from "./start.ts";
import { endProcesses, removeParts } from "./stop.ts";

export interface RollbackOptions {
  /** Start it afterwards even if it was stopped. One that ran is started again in any case. */
  readonly start: boolean;
}

/** Throws Problem SNAPSHOT_UNKNOWN, PORT_TAKEN, or why the snapshot's image cannot be used; then nothing has changed. */
export function rollbackIsc(
  engine: Engine,
  name: Name,
  snapshotName: Name,
  options: RollbackOptions,
): Promise<{ readonly status: IscRecord["desired"] }> {
  return engine.locks.run(name, async () => {
    const snapshot = await findSnapshot(engine, name, snapshotName);
    const manifest = await engine.images.open(snapshot.image);
    assertHostPortsFree(engine, { isc: name }, snapshot.exposures);
    const record = engine.iscs.get(name);
    const ran = findProcess(engine, name) !== undefined;
    await keepEvidenceOfQuarantined(engine, record, "rollback");
    await endProcesses(engine, record);
    await removeParts(engine, record);
    await rollbackVolumes(engine, { isc: name, snapshot: snapshotName }, manifest.posture.volumes);
    await engine.iscs.update(name, { image: snapshot.image, exposures: snapshot.exposures, desired: "stopped", quarantine: undefined });
    if (ran || options.start) return startFresh(engine, name);
    return { status: "stopped" };
  });
}
