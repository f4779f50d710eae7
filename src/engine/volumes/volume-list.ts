/** What lies in the volume pool. */
import type { SubvolumeUsage } from "../../host/kernel/btrfs-quota.ts";
import { isName, type Name } from "../../model/name.ts";
import { removeSubvolumes } from "./subvolumes.ts";
import { draftOf, parsePoolEntry, type SnapshotName, type VolumeName, volumePath, volumesDirectory } from "./volume-paths.ts";
import { findPool, type VolumeEngine } from "./volume-pool.ts";

/** The volumes an ISC has, by name. */
export async function listVolumes(engine: VolumeEngine, isc: Name): Promise<readonly Name[]> {
  if (!(await findPool(engine))) return [];
  const entries = await engine.host.files.findList(volumesDirectory(engine.layout, isc));
  return entries.filter((entry) => isName(entry)).sort();
}

/** Snapshots that hold volumes, of one ISC or of all. */
export async function listVolumeSnapshots(engine: VolumeEngine, isc?: Name): Promise<readonly SnapshotName[]> {
  if (!(await findPool(engine))) return [];
  return (await engine.host.files.findList(engine.layout.volumePool)).flatMap((entry) => {
    const parsed = parsePoolEntry(entry);
    if (!parsed || parsed.isDraft || parsed.snapshot === undefined) return [];
    return isc === undefined || parsed.isc === isc ? [{ isc: parsed.isc, snapshot: parsed.snapshot }] : [];
  });
}

/** Undefined when there is no such volume. Counts lag behind by up to 30 s. Throws KernelError. */
export async function findVolumeUsage(engine: VolumeEngine, name: VolumeName): Promise<SubvolumeUsage | undefined> {
  const path = volumePath(engine.layout, name);
  if (!(await findPool(engine)) || !engine.host.kernel.btrfs.isSubvolume(path)) return undefined;
  return engine.host.kernel.btrfsQuota.readSubvolumeUsage(path);
}

/** Removes drafts, and volumes and snapshots of ISCs that no longer exist: what a broken-off destroy leaves. Throws KernelError. */
export async function sweepVolumes(engine: VolumeEngine, existing: ReadonlySet<Name>): Promise<void> {
  if (!(await findPool(engine))) return;
  const { host, layout } = engine;
  for (const entry of await host.files.findList(layout.volumePool)) {
    const parsed = parsePoolEntry(entry);
    if (parsed && (parsed.isDraft || !existing.has(parsed.isc))) await removeSubvolumes(engine, `${layout.volumePool}/${entry}`);
  }
  for (const isc of existing) {
    for (const volume of await listVolumes(engine, isc)) await removeSubvolumes(engine, draftOf(volumePath(layout, { isc, volume })));
  }
}
