/** Destroy: the record becomes a tombstone first, so that whatever breaks off is finished by the next dock. */
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { keepEvidenceOfQuarantined } from "../respond/evidence.ts";
import { removeVolumesOf } from "../volumes/iscs.ts";
import { endProcesses, removeParts } from "./stop.ts";

/** @param shred overwrite what the volumes held before giving the space back */
export function destroyIsc(engine: Engine, name: Name, options: { readonly shred: boolean }): Promise<void> {
  return engine.locks.run(name, async () => {
    await keepEvidenceOfQuarantined(engine, engine.iscs.get(name), "destroy");
    const record = await engine.iscs.update(name, { desired: "destroyed", shred: options.shred });
    await finishDestroy(engine, record);
  });
}

/** Also for tombstones that a dock finds when it starts. */
export async function finishDestroy(engine: Engine, record: IscRecord): Promise<void> {
  await endProcesses(engine, record, 0);
  await removeParts(engine, record);
  await removeVolumesOf(engine, record.name, { shred: record.shred ?? false });
  await engine.iscs.remove(record.name);
}
