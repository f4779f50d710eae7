/**
 * The sealed root: one plain mount of each image, and for each ISC a clone of it whose owners are mapped into the ISC's uid range.
 * All clones share the page cache; none costs a copy or a chown.
 */
import { parseMountInfo } from "../../host/kernel/mountinfo.ts";
import type { Digest } from "../../model/digest.ts";
import type { IscRecord } from "../../model/isc.ts";
import { liveMode } from "../../model/layout.ts";
import type { Engine } from "../engine.ts";

/** EROFS_SUPER_MAGIC_V1 as statfs(2) answers it. */
const erofsMagic = 0xe0f5e1e2;

/** Mounts the image file itself (Linux 6.12 and later), or a loop device on older kernels. Safe to repeat. Throws KernelError. */
function ensureImageMount(engine: Engine, digest: Digest): Promise<string> {
  const target = engine.layout.image.mount(digest);
  // Of two that start at the same time each would mount it, and the clone of the lower one would be on no device of the image.
  return engine.locks.run(`mount ${target}`, async () => {
    if (await isErofs(engine, target)) return target;
    await engine.host.files.makeDirectory(target, liveMode);
    const { mounts } = engine.host.kernel;
    const flags = mounts.MS_RDONLY | mounts.MS_NOSUID | mounts.MS_NODEV;
    mountErofs(engine, engine.layout.image.erofs(digest), target, flags);
    return target;
  });
}

function mountErofs(engine: Engine, file: string, target: string, flags: number): void {
  const { mounts, loop } = engine.host.kernel;
  try {
    mounts.mount(file, target, "erofs", flags);
  } catch (error) {
    if (!isNotABlockDevice(error)) throw error;
    using device = loop.attachLoop(file, { readOnly: true, autoclear: true });
    mounts.mount(device.device, target, "erofs", flags);
  }
}

/** Older kernels answer ENOTBLK to a mount of a plain file. */
function isNotABlockDevice(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOTBLK";
}

export interface RootMountOptions {
  /** A user namespace with the ISC's uid map. */
  readonly userNamespaceFd: number;
  /**
   * gVisor's file server mounts its root once more from inside the ISC's user namespace, where it may not drop flags that were set
   * outside. Then nosuid and nodev are left out: the image has neither setuid files nor devices.
   */
  readonly remountable: boolean;
}

export async function ensureRootMount(
  engine: Engine,
  record: IscRecord,
  { userNamespaceFd, remountable }: RootMountOptions,
): Promise<void> {
  const source = await ensureImageMount(engine, record.image);
  const target = engine.layout.live.rootMount(record.name);
  if (await isErofs(engine, target)) return;
  await engine.host.files.makeDirectory(target, liveMode);
  const flags = { readOnly: true, noSuid: !remountable, noDev: !remountable };
  engine.host.kernel.mounts.cloneMountWithIdmap({ source, target, userNamespaceFd, ...flags });
}

/** Safe to repeat. Throws KernelError. */
export function removeRootMount(engine: Engine, record: IscRecord): void {
  unmountAll(engine, engine.layout.live.rootMount(record.name));
}

/** Unmounts images that no running ISC uses. */
export function sweepImageMounts(engine: Engine, used: ReadonlySet<Digest>): void {
  const wanted = new Set([...used].map((digest) => engine.layout.image.mount(digest)));
  for (const mount of ownMounts(engine)) {
    if (mount.startsWith(`${engine.layout.run}/images/`) && !wanted.has(mount)) unmountAll(engine, mount);
  }
}

/** Takes every mount at or below a directory away, the last made first. */
export function unmountAll(engine: Engine, directory: string): void {
  const { mounts } = engine.host.kernel;
  const below = ownMounts(engine).filter((mount) => mount === directory || mount.startsWith(`${directory}/`));
  for (const mount of below.reverse()) mounts.unmount(mount, mounts.MNT_DETACH | mounts.UMOUNT_NOFOLLOW);
}

/** Mount points of the dock's own mount namespace, in the order they were made. */
function ownMounts(engine: Engine): string[] {
  return parseMountInfo(engine.host.files.findTextNow("/proc/self/mountinfo") ?? "").map((mount) => mount.mountPoint);
}

async function isErofs(engine: Engine, directory: string): Promise<boolean> {
  if (!(await engine.host.files.find(directory))) return false;
  return (await engine.host.files.statFileSystem(directory)).magic === erofsMagic;
}
