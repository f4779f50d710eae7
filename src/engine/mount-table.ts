/** Questions to the mount table of the dock's own mount namespace, and a way out of it. */
import { dirname } from "node:path";
import type { Host } from "../host/host.ts";
import { type MountInfo, parseMountInfo } from "../host/kernel/mountinfo.ts";

/** The uppermost mount on a path. */
export function findMount(host: Host, path: string): MountInfo | undefined {
  return parseMountInfo(host.files.findTextNow("/proc/self/mountinfo") ?? "").findLast((mount) => mount.mountPoint === path);
}

/** Whether another file system than its parent's is mounted on a path. Two lookups instead of reading a table of a thousand mounts. */
export function isMountPoint(host: Host, path: string): boolean {
  const place = host.files.findNow(path);
  return place !== undefined && place.device !== host.files.findNow(dirname(path))?.device;
}

/** Takes every mount on a path away, one above the other; one still in use goes from sight now and ends with its last user. Safe to repeat. Throws KernelError. */
export function unmountFrom(host: Host, path: string): void {
  const { mounts } = host.kernel;
  for (;;) {
    try {
      mounts.unmount(path, mounts.UMOUNT_NOFOLLOW);
    } catch (error) {
      if (isError(error, "EINVAL", "ENOENT", "ENOTDIR")) return;
      if (!isError(error, "EBUSY")) throw error;
      mounts.unmount(path, mounts.UMOUNT_NOFOLLOW | mounts.MNT_DETACH);
    }
  }
}

/** Whether an error of the kernel or of node:fs carries one of these codes. */
export function isError(error: unknown, ...codes: readonly string[]): boolean {
  if (!(error instanceof Error && "code" in error)) return false;
  // node:fs does not know the name of every error number.
  const isOverQuota = "errno" in error && Math.abs(Number(error.errno)) === overQuota;
  return codes.includes(isOverQuota ? "EDQUOT" : String(error.code));
}

/** EDQUOT of errno(3), on x86_64 and arm64. */
const overQuota = 122;
