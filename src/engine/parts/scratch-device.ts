/** What scratch lies on: a sparse file behind a loop device, encrypted by the file system (fscrypt) or below it (dm-crypt). */
import { createHash, randomBytes } from "node:crypto";
import type { Host } from "../../host/host.ts";
import type { Layout } from "../../model/layout.ts";
import type { Name } from "../../model/name.ts";
import { closePlain, mappedDevice, openPlain, plainKeyBytes } from "../../tools/cryptsetup.ts";
import { formatExt4 } from "../../tools/mkfs-ext4.ts";

/**
 * Throw-away, so nothing waits for the disk: no write barriers, no flush on rename; inode tables stay unwritten until used.
 * See ext4(5).
 */
const mountData = "noinit_itable,nobarrier,noauto_da_alloc,errors=remount-ro";

/** The directory of the scratch file system below which everything is encrypted. */
export const encryptedDirectory = "enc";

/** Mounts a loop device on a formatted file, gives it a new key, and makes the encrypted directory. Throws KernelError. */
export function mountWithFscrypt(host: Host, file: string, mountPoint: string): void {
  const { fscrypt, loop, trees } = host.kernel;
  using device = loop.attachLoop(file, { autoclear: true });
  mountScratch(host, device.device, mountPoint);
  const key = fscrypt.addEncryptionKey(mountPoint, randomBytes(64));
  makeEncryptedDirectory(trees, mountPoint);
  fscrypt.setEncryptionPolicy(`${mountPoint}/${encryptedDirectory}`, key);
}

/** Formats every time: a template's blocks would not be readable under another key. Throws CommandFailure, KernelError. */
export async function mountWithDmCrypt(host: Host, file: string, mountPoint: string, mapName: string): Promise<void> {
  const { loop, trees } = host.kernel;
  using device = loop.attachLoop(file, { autoclear: true });
  await openPlain(host, device.device, mapName, randomBytes(plainKeyBytes));
  await formatExt4(host, mappedDevice(mapName));
  mountScratch(host, mappedDevice(mapName), mountPoint);
  makeEncryptedDirectory(trees, mountPoint);
}

function mountScratch(host: Host, device: string, mountPoint: string): void {
  const { mounts } = host.kernel;
  mounts.mount(device, mountPoint, "ext4", mounts.MS_NOSUID | mounts.MS_NODEV | mounts.MS_NOEXEC | mounts.MS_NOATIME, mountData);
}

function makeEncryptedDirectory(trees: Host["kernel"]["trees"], mountPoint: string): void {
  trees.makeDirectories(mountPoint, [{ path: encryptedDirectory, mode: 0o755, uid: 0, gid: 0 }]);
}

/** Device-mapper names are one space for the whole machine: two docks may both have an ISC `web`. */
export function mapNameOf(layout: Layout, name: Name): string {
  return `isc-${createHash("sha256")
    .update(`${layout.root}\0${layout.parts(name)}`)
    .digest("hex")
    .slice(0, 16)}`;
}

/** Lets go of whatever still holds the file. Throws CommandFailure, KernelError. */
export async function releaseDevice(host: Host, file: string, mapName: string): Promise<void> {
  if (host.files.findNow(mappedDevice(mapName))) await closePlain(host, mapName);
  const device = host.kernel.loop.findLoopByFile(file);
  if (device !== undefined) host.kernel.loop.detachLoop(device);
}
