/** Update: another image in the place of the one that runs, with the way back kept as a snapshot. */
import type { Digest } from "../../model/digest.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { findProcess } from "../parts/process.ts";
import { removeSnapshot, takeSnapshot } from "../snapshots.ts";
import { replaceInstance } from "./replace.ts";

export interface Updated {
  /** The old image, the exposures and the volumes as they were: `iscadm rollback NAME@SNAPSHOT` leads back. */
  readonly snapshot: Name;
  readonly gapMs: number;
  readonly running: boolean;
}

/** One that does not run gets the image for its next start. Throws as `replaceInstance`; then the old image serves on and no snapshot is kept. */
export async function updateIsc(engine: Engine, name: Name, image: Digest): Promise<Updated> {
  await engine.images.open(image);
  const snapshot = snapshotName(engine.host.now());
  await takeSnapshot(engine, name, snapshot);
  try {
    if (findProcess(engine, name)) {
      const { gapMs } = await replaceInstance(engine, { name, image, why: "update", snapshot });
      return { snapshot, gapMs, running: true };
    }
    await engine.locks.run(name, () => engine.iscs.update(name, { image }));
    return { snapshot, gapMs: 0, running: false };
  } catch (error) {
    await removeSnapshot(engine, name, snapshot);
    throw error;
  }
}

/** "before-update-20260301-123005": UTC, to the second. */
function snapshotName(nowMs: number): Name {
  const [day = "", time = ""] = new Date(nowMs).toISOString().split("T");
  // Letters, digits and hyphens, 29 of them: a name.
  return `before-update-${day.replaceAll("-", "")}-${time.slice(0, 8).replaceAll(":", "")}` as Name;
}
