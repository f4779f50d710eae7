/** One volume: a subvolume with a quota, empty or filled with what the image has in its place. */

import { renderSize } from "../../base/size.ts";
import type { WritablePlace } from "../../model/image.ts";
import { isWithin, makePlaces } from "../parts/scratch-places.ts";
import { removeSubvolume } from "./subvolumes.ts";
import { draftOf, type VolumeName, volumePath, volumesDirectory } from "./volume-paths.ts";
import { ensurePool, findPool, orDiskFull, type VolumeEngine } from "./volume-pool.ts";

export interface VolumeRequest extends VolumeName {
  /** Where it is mounted in the image. */
  readonly at: string;
  readonly sizeBytes: number;
  /** The manifest's places; those at `at` or below it are made in the volume. */
  readonly places: readonly WritablePlace[];
  /** Root of the sealed image, not idmapped. */
  readonly imageRoot: string;
}

/** Makes the volume unless it is there, and puts its quota in force. Throws Problem DISK_FULL, KernelError, CommandFailure. */
export async function createVolume(engine: VolumeEngine, request: VolumeRequest): Promise<"created" | "kept"> {
  const { host, layout } = engine;
  const { btrfs } = host.kernel;
  await ensurePool(engine);
  const path = volumePath(layout, request);
  if (btrfs.isSubvolume(path)) {
    btrfs.setQuotaLimit(path, request.sizeBytes);
    return "kept";
  }
  const draft = draftOf(path);
  await host.files.makeDirectory(volumesDirectory(layout, request.isc));
  await removeSubvolume(engine, draft);
  btrfs.createSubvolume(draft);
  const what = `create volume ${request.volume} of ${request.isc}`;
  try {
    btrfs.setQuotaLimit(draft, request.sizeBytes);
    const hint = `the image has files for this place, and they must fit into ${renderSize(request.sizeBytes)}`;
    await orDiskFull(what, hint, () => fillVolume(engine, draft, request));
  } catch (error) {
    await removeSubvolume(engine, draft);
    throw error;
  }
  await host.files.rename(draft, path);
  return "created";
}

async function fillVolume({ host }: VolumeEngine, directory: string, request: VolumeRequest): Promise<void> {
  const { at, imageRoot } = request;
  const declared = request.places.filter((place) => isWithin(at, place.path));
  const top = declared.some((place) => isWithin(place.path, at)) ? [] : [topOfVolume(host, at, imageRoot)];
  await makePlaces(host, { directory, at, places: [...top, ...declared], imageRoot });
}

/** Where the manifest is silent, the volume looks like the image's own directory. */
function topOfVolume(host: VolumeEngine["host"], at: string, imageRoot: string): WritablePlace {
  const own = host.kernel.trees.findDirectoryInside(imageRoot, at);
  const { mode = 0o755, uid = 0, gid = 0 } = (own && host.files.findNow(own)) || {};
  return { path: at, mode, uid, gid, directories: [], seeded: own !== undefined };
}

/** Deletes one volume. Safe to repeat. Throws KernelError. */
export async function removeVolume(engine: VolumeEngine, name: VolumeName): Promise<void> {
  if (!(await findPool(engine))) return;
  const path = volumePath(engine.layout, name);
  for (const place of [draftOf(path), path]) await removeSubvolume(engine, place);
}
