/** All volumes of one ISC: made and mounted when it starts, removed when it is destroyed. */
import type { Manifest } from "../../model/image.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import { awaitDeletedSubvolumes, syncBtrfs } from "../../tools/btrfs.ts";
import type { IdMapping } from "../idmapped-mount.ts";
import { removeSubvolumes } from "./subvolumes.ts";
import { createVolume } from "./volume.ts";
import { ensureVolumeMount, removeVolumeMount } from "./volume-mount.ts";
import { parsePoolEntry } from "./volume-paths.ts";
import { findPool, isPoolImage, type VolumeEngine } from "./volume-pool.ts";

/** Needs the image's mount. Safe to repeat. Throws Problem DISK_FULL, KernelError, CommandFailure. */
export async function mountVolumes(
  engine: VolumeEngine,
  record: Pick<IscRecord, "name" | "image">,
  manifest: Pick<Manifest, "places" | "posture">,
  mapping: IdMapping,
): Promise<void> {
  const imageRoot = engine.layout.image.mount(record.image);
  for (const [volume, { at, sizeBytes }] of volumesOf(manifest)) {
    const name = { isc: record.name, volume };
    await createVolume(engine, { ...name, at, sizeBytes, places: manifest.places, imageRoot });
    await ensureVolumeMount(engine, name, mapping);
  }
}

/** Safe to repeat. Throws KernelError. */
export function unmountVolumes(engine: Pick<VolumeEngine, "host" | "layout">, isc: Name, manifest: Pick<Manifest, "posture">): void {
  for (const [volume] of volumesOf(manifest)) removeVolumeMount(engine, { isc, volume });
}

function volumesOf({ posture }: Pick<Manifest, "posture">) {
  // Posture's schema has Name for its keys; Object.entries forgets it.
  return Object.entries(posture.volumes) as [Name, Manifest["posture"]["volumes"][Name]][];
}

export interface RemovalOptions {
  /**
   * Also give the bytes back to the host before returning, so that they are gone from the pool's file. Overwriting would not help:
   * btrfs writes every new version of a block to another place. Best effort: where ISC_ROOT itself is btrfs the blocks are
   * freed but not trimmed, and below the file the host's file system and disk decide when freed blocks lose their contents.
   */
  readonly shred: boolean;
}

/** Removes volumes, snapshots and drafts of an ISC; unmount them first. Safe to repeat. Throws KernelError, CommandFailure. */
export async function removeVolumesOf(engine: VolumeEngine, isc: Name, { shred }: RemovalOptions): Promise<void> {
  if (!(await findPool(engine))) return;
  const { host, layout } = engine;
  const entries = (await host.files.findList(layout.volumePool)).filter((entry) => parsePoolEntry(entry)?.isc === isc);
  for (const entry of entries) await removeSubvolumes(engine, `${layout.volumePool}/${entry}`);
  if (shred) await giveSpaceBack(engine);
}

async function giveSpaceBack(engine: VolumeEngine): Promise<void> {
  const { host, layout } = engine;
  // A sync wakes the kernel's cleaner, which else may sleep for 30 s.
  await syncBtrfs(host, layout.volumePool);
  await awaitDeletedSubvolumes(host, layout.volumePool);
  // The blocks of the last transaction are held until the next one ends.
  await syncBtrfs(host, layout.volumePool);
  if (await isPoolImage(engine)) host.kernel.fileSystem.trimFileSystem(layout.volumePool);
}
