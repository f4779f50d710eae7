/**
 * Snapshots, clones and rollbacks of all volumes of an ISC together. Each is made under a draft's name and then takes its place by a
 * single rename, so that at any moment either all volumes are the old ones or all are the new ones.
 */
import { Problem } from "../../base/problem.ts";
import { isName, type Name } from "../../model/name.ts";
import { syncBtrfs } from "../../tools/btrfs.ts";
import { removeSubvolumes } from "./subvolumes.ts";
import { draftOf, type SnapshotName, snapshotDirectory, volumesDirectory } from "./volume-paths.ts";
import { findPool, orDiskFull, type VolumeEngine } from "./volume-pool.ts";

/** Volumes by name with the size they are limited to, as in Posture. */
export type VolumeSizes = Readonly<Record<string, { readonly sizeBytes: number }>>;

interface CopyRequest {
  readonly from: string;
  readonly to: string;
  /** Sizes of writable copies; without them the copies are read-only. */
  readonly sizes?: VolumeSizes;
}

/** Read-only copies of the volumes an ISC has. An existing snapshot of this name is kept. Throws KernelError, CommandFailure. */
export async function snapshotVolumes(engine: VolumeEngine, name: SnapshotName): Promise<void> {
  const { host, layout } = engine;
  const from = volumesDirectory(layout, name.isc);
  if (!(await findPool(engine)) || !(await host.files.find(from))) return;
  const to = snapshotDirectory(layout, name);
  if (await host.files.find(to)) return;
  // What is written out now, beside the dock, need not be while the kernel holds up everything for the snapshot.
  await syncBtrfs(host, layout.volumePool);
  await copyVolumes(engine, { from, to: draftOf(to) });
  await host.files.rename(draftOf(to), to);
}

/** Safe to repeat. Throws KernelError. */
export async function removeVolumeSnapshot(engine: VolumeEngine, name: SnapshotName): Promise<void> {
  if (!(await findPool(engine))) return;
  const directory = snapshotDirectory(engine.layout, name);
  for (const place of [draftOf(directory), directory]) await removeSubvolumes(engine, place);
}

export interface CloneVolumesRequest {
  /** A snapshot, or an ISC as it is now. */
  readonly from: SnapshotName | { readonly isc: Name; readonly snapshot?: undefined };
  readonly to: Name;
  readonly sizes: VolumeSizes;
}

/** Writable copies for another ISC, sharing all blocks. Volumes it has already are kept. Throws Problem STATE_DAMAGED, KernelError, CommandFailure. */
export async function cloneVolumes(engine: VolumeEngine, { from, to, sizes }: CloneVolumesRequest): Promise<void> {
  const { host, layout } = engine;
  if (!(await findPool(engine))) return;
  const source = from.snapshot === undefined ? volumesDirectory(layout, from.isc) : snapshotDirectory(layout, from);
  const target = volumesDirectory(layout, to);
  if (await host.files.find(target)) return;
  if (!(await host.files.find(source))) {
    // An ISC that never ran has no volumes yet; a snapshot that should have some is another matter.
    if (from.snapshot === undefined || Object.keys(sizes).length === 0) return;
    throw new Problem("STATE_DAMAGED", `cannot clone the volumes of ${from.isc}@${from.snapshot}: the snapshot's volumes are gone`);
  }
  if (from.snapshot === undefined) await syncBtrfs(host, layout.volumePool);
  await copyVolumes(engine, { from: source, to: draftOf(target), sizes });
  await host.files.rename(draftOf(target), target);
}

/**
 * Puts the volumes back to a snapshot, all in one step; what they held is deleted. Safe to repeat after a break at any point.
 * Unmount the ISC's volumes first, and mount them again afterwards: an old mount goes on showing the old volume.
 * Throws Problem STATE_DAMAGED when the snapshot lacks a volume named in `sizes`; KernelError.
 */
export async function rollbackVolumes(engine: VolumeEngine, name: SnapshotName, sizes: VolumeSizes): Promise<void> {
  const { host, layout } = engine;
  if (Object.keys(sizes).length === 0) return;
  const from = snapshotDirectory(layout, name);
  const complete = (await findPool(engine)) && Object.keys(sizes).every((volume) => host.kernel.btrfs.isSubvolume(`${from}/${volume}`));
  if (!complete) {
    throw new Problem(
      "STATE_DAMAGED",
      `cannot roll back the volumes of ${name.isc}: snapshot ${name.isc}@${name.snapshot} lacks some of them`,
    );
  }
  const live = volumesDirectory(layout, name.isc);
  const draft = draftOf(live);
  await copyVolumes(engine, { from, to: draft, sizes });
  await host.files.makeDirectory(live);
  host.kernel.fileSystem.exchangeNames(draft, live);
  await removeSubvolumes(engine, draft);
}

/** Every subvolume of one directory into a new one. A draft left by a broken-off attempt is removed first. */
async function copyVolumes(engine: VolumeEngine, { from, to, sizes }: CopyRequest): Promise<void> {
  const { host } = engine;
  const { btrfs } = host.kernel;
  await removeSubvolumes(engine, to);
  await host.files.makeDirectory(to);
  for (const volume of await host.files.list(from)) {
    if (!isName(volume) || !btrfs.isSubvolume(`${from}/${volume}`)) continue;
    await orDiskFull(`copy volume ${volume}`, "delete snapshots or ISCs that are no longer needed", async () =>
      btrfs.snapshotSubvolume(`${from}/${volume}`, `${to}/${volume}`, { readOnly: sizes === undefined }),
    );
    const sizeBytes = sizes?.[volume]?.sizeBytes;
    if (sizeBytes !== undefined) btrfs.setQuotaLimit(`${to}/${volume}`, sizeBytes);
  }
}
