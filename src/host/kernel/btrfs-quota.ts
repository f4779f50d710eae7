/** What btrfs counted of a subvolume. See btrfs-qgroup(8), linux/btrfs.h and the kernel's fs/btrfs/sysfs.c. */
import { closeSync, constants, openSync, readFileSync } from "node:fs";
import { callIoctl, hasErrorCode, ioctlNumber } from "./libc.ts";

const MAGIC = 0x94;
const INO_LOOKUP_BYTES = 4096;
const INO_LOOKUP = ioctlNumber("both", MAGIC, 18, INO_LOOKUP_BYTES);
const FS_INFO_BYTES = 1024;
const FS_INFO = ioctlNumber("read", MAGIC, 31, FS_INFO_BYTES);
const QGROUP_CREATE = ioctlNumber("write", MAGIC, 42, 16);
/** BTRFS_FIRST_FREE_OBJECTID: the inode of every subvolume's root. */
const FIRST_OBJECT = 256n;
const LIMIT_REFERENCED = 1;

export type SubvolumeUsage = {
  /** Bytes the subvolume refers to, shared ones included; brought up to date at each commit, every 30 s and on sync. */
  readonly referencedBytes: number;
  /** Bytes that would come free with it. */
  readonly exclusiveBytes: number;
  readonly limitBytes?: number;
};

/** The number of the subvolume that holds a directory. Throws KernelError: ENOTTY when it is not on btrfs. */
export function readSubvolumeId(path: string): bigint {
  const argument = Buffer.alloc(INO_LOOKUP_BYTES);
  argument.writeBigUInt64LE(FIRST_OBJECT, 8);
  onDirectory(path, (fd) => callIoctl(fd, INO_LOOKUP, argument, () => `read subvolume number of ${path}`));
  return argument.readBigUInt64LE(0);
}

/** Undefined when quota is off. Throws KernelError or the error of node:fs. */
export function readSubvolumeUsage(path: string): SubvolumeUsage | undefined {
  const folder = `/sys/fs/btrfs/${readFileSystemId(path)}/qgroups/0_${readSubvolumeId(path)}`;
  const read = (name: string) => Number(readFileSync(`${folder}/${name}`, "utf8"));
  try {
    const limited = (read("limit_flags") & LIMIT_REFERENCED) !== 0;
    return {
      referencedBytes: read("referenced"),
      exclusiveBytes: read("exclusive"),
      ...(limited ? { limitBytes: read("max_referenced") } : {}),
    };
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/**
 * Forgets the count of a deleted subvolume; newer kernels do so themselves. Answers whether it is gone:
 * not while the kernel still cleans up after the subvolume. Safe to repeat. Throws KernelError.
 */
export function forgetQuota(path: string, subvolumeId: bigint): boolean {
  // struct btrfs_ioctl_qgroup_create_args { create, qgroupid }
  const argument = Buffer.alloc(16);
  argument.writeBigUInt64LE(subvolumeId, 8);
  try {
    onDirectory(path, (fd) => callIoctl(fd, QGROUP_CREATE, argument, () => `forget quota of subvolume ${subvolumeId}`));
    return true;
  } catch (error) {
    if (hasErrorCode(error, "ENOENT", "ENOTCONN")) return true;
    if (hasErrorCode(error, "EBUSY")) return false;
    throw error;
  }
}

function readFileSystemId(path: string): string {
  // struct btrfs_ioctl_fs_info_args { max_id, num_devices, fsid[16], … }
  const argument = Buffer.alloc(FS_INFO_BYTES);
  onDirectory(path, (fd) => callIoctl(fd, FS_INFO, argument, () => `read identity of the file system at ${path}`));
  return argument.toString("hex", 16, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function onDirectory(path: string, run: (fd: number) => void): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    run(fd);
  } finally {
    closeSync(fd);
  }
}
