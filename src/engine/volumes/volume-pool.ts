/**
 * The btrfs file system that holds volumes, with quota on: a directory where ISC_ROOT lies on btrfs, else a sparse file behind a
 * loop device, made when the first volume is.
 */
import { Problem } from "../../base/problem.ts";
import { renderRoundedSize } from "../../base/size.ts";
import { fileSystemMagic } from "../../host/kernel/statfs.ts";
import { enableBtrfsQuota } from "../../tools/btrfs.ts";
import { formatBtrfs, smallestBtrfsBytes } from "../../tools/mkfs-btrfs.ts";
import type { Engine } from "../engine.ts";
import { isError, isMountPoint, unmountFrom } from "../mount-table.ts";

export type VolumeEngine = Pick<Engine, "host" | "layout" | "locks">;

const largestPoolBytes = 64 * 2 ** 30;
const shareOfFreeSpace = 0.8;
/** Freed blocks go back to the host by and by: a loop device punches them out of its file. */
const mountData = "discard=async";
/** No ISC, snapshot or volume has such a name. */
const poolLock = "volumes*";

/** Makes the pool, or mounts the one there is. Safe to repeat. Throws Problem DISK_FULL, CommandFailure, KernelError. */
export function ensurePool(engine: VolumeEngine): Promise<void> {
  return engine.locks.run(poolLock, async () => {
    if (!(await openPool(engine))) {
      await makePoolImage(engine);
      await mountPool(engine);
    }
  });
}

/** Mounts the pool if it was ever made; false when there is none, so that nothing can be in it. Throws CommandFailure, KernelError. */
export function findPool(engine: VolumeEngine): Promise<boolean> {
  return engine.locks.run(poolLock, () => openPool(engine));
}

async function openPool(engine: VolumeEngine): Promise<boolean> {
  const { host, layout } = engine;
  if (isMountPoint(host, layout.volumePool)) return true;
  if (await isHostBtrfs(engine)) {
    await host.files.makeDirectory(layout.volumePool);
    if (!host.kernel.btrfsQuota.readSubvolumeUsage(layout.volumePool)) await enableBtrfsQuota(host, layout.volumePool);
    return true;
  }
  if (!(await host.files.find(layout.volumePoolImage))) return false;
  await mountPool(engine);
  return true;
}

async function isHostBtrfs({ host, layout }: VolumeEngine): Promise<boolean> {
  return (await host.files.statFileSystem(layout.root)).magic === fileSystemMagic.btrfs;
}

/** Whether the pool is a file of our own, whose freed blocks we may give back. */
export async function isPoolImage(engine: VolumeEngine): Promise<boolean> {
  return !(await isHostBtrfs(engine));
}

async function makePoolImage({ host, layout }: VolumeEngine): Promise<void> {
  const { freeBytes } = await host.files.statFileSystem(layout.root);
  const sizeBytes = Math.min(largestPoolBytes, Math.floor((freeBytes * shareOfFreeSpace) / 2 ** 20) * 2 ** 20);
  if (sizeBytes < smallestBtrfsBytes) {
    const missing = `only ${renderRoundedSize(freeBytes)} are free below ${layout.root}`;
    throw new Problem("DISK_FULL", `cannot make the volume pool: ${missing}`, { hint: "free some space: volumes need 320 MiB at least" });
  }
  const draft = `${layout.volumePoolImage}.new`;
  await host.files.remove(draft);
  host.kernel.sparse.writeSparse(draft, { sizeBytes, extents: [] });
  await formatBtrfs(host, draft, "isc-volumes");
  await host.files.sync(draft);
  await host.files.rename(draft, layout.volumePoolImage);
}

/** ISCs that outlived a dock may hold the file system in other mount namespaces: btrfs takes a second device of the same file for a copy. */
async function mountPool({ host, layout }: VolumeEngine): Promise<void> {
  const { loop } = host.kernel;
  await host.files.makeDirectory(layout.volumePool);
  const held = loop.findLoopByFile(layout.volumePoolImage);
  if (held !== undefined) mountBtrfs(host, held, layout.volumePool);
  else {
    using device = loop.attachLoop(layout.volumePoolImage, { autoclear: true, directIo: true });
    mountBtrfs(host, device.device, layout.volumePool);
  }
  await enableBtrfsQuota(host, layout.volumePool);
}

function mountBtrfs(host: VolumeEngine["host"], device: string, target: string): void {
  const { mounts } = host.kernel;
  mounts.mount(device, target, "btrfs", mounts.MS_NOSUID | mounts.MS_NODEV | mounts.MS_NOEXEC | mounts.MS_NOATIME, mountData);
}

export type PoolState =
  | { readonly kind: "none" }
  | { readonly kind: "directory" | "image"; readonly sizeBytes: number; readonly freeBytes: number };

/** Changes nothing: a pool that is not mounted counts as none. */
export async function probePool(engine: VolumeEngine): Promise<PoolState> {
  const { host, layout } = engine;
  const mounted = isMountPoint(host, layout.volumePool);
  if (!mounted && !((await isHostBtrfs(engine)) && (await host.files.find(layout.volumePool)))) return { kind: "none" };
  const { totalBytes, freeBytes } = await host.files.statFileSystem(layout.volumePool);
  return { kind: mounted ? "image" : "directory", sizeBytes: totalBytes, freeBytes };
}

/** Unmounts the pool when the dock ends for good; its contents stay. Safe to repeat. Throws KernelError. */
export function closePool({ host, layout }: Pick<Engine, "host" | "layout">): void {
  if (isMountPoint(host, layout.volumePool)) unmountFrom(host, layout.volumePool);
}

/** Runs a change in the pool and says in a sentence that it did not fit. */
export async function orDiskFull<T>(what: string, hint: string, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    throw isError(error, "ENOSPC", "EDQUOT") ? diskFull(what, hint, error) : error;
  }
}

function diskFull(what: string, hint: string, cause: unknown): Problem {
  return new Problem("DISK_FULL", `cannot ${what}: no space is left`, { hint, cause });
}
