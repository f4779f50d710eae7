/** Btrfs subvolumes, snapshots and quotas by ioctl. See btrfs-subvolume(8), btrfs-quota(8), linux/btrfs.h. */
import { closeSync, constants, openSync, statfsSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { callIoctl, hasErrorCode, ioctlNumber } from "./libc.ts";
import { fileSystemMagic } from "./statfs.ts";

const MAGIC = 0x94;
const VOLUME_BYTES = 4096;
const SUBVOL_CREATE = ioctlNumber("write", MAGIC, 14, VOLUME_BYTES);
const SNAP_DESTROY = ioctlNumber("write", MAGIC, 15, VOLUME_BYTES);
const TREE_SEARCH = ioctlNumber("both", MAGIC, 17, VOLUME_BYTES);
const INO_LOOKUP = ioctlNumber("both", MAGIC, 18, VOLUME_BYTES);
const SNAP_CREATE_V2 = ioctlNumber("write", MAGIC, 23, VOLUME_BYTES);
const SUBVOL_GETFLAGS = ioctlNumber("read", MAGIC, 25, 8);
const SUBVOL_SETFLAGS = ioctlNumber("write", MAGIC, 26, 8);
const QUOTA_CTL = ioctlNumber("both", MAGIC, 40, 16);
const QGROUP_LIMIT = ioctlNumber("read", MAGIC, 43, 48);
const QUOTA_RESCAN_WAIT = ioctlNumber("none", MAGIC, 46, 0);

const SUBVOL_RDONLY = 2n;
const QUOTA_CTL_ENABLE = 1n;
const QGROUP_LIMIT_MAX_RFER = 1n;
const NO_LIMIT = 0xffff_ffff_ffff_ffffn;
const QUOTA_TREE = 8n;
const QGROUP_INFO_KEY = 242;
const QGROUP_LIMIT_KEY = 244;
/** The root folder of every subvolume has this inode number. */
const SUBVOLUME_INODE = 256;
const LONGEST_NAME_BYTES = 255;

/** Throws KernelError: EEXIST when the path is taken, ENOTTY when it is not on btrfs. */
export function createSubvolume(path: string): void {
  onDirectory(dirname(path), (fd) => callIoctl(fd, SUBVOL_CREATE, volumeArgument(0, path), () => `create subvolume ${path}`));
}

/** A point-in-time copy of a subvolume, sharing all blocks. Throws KernelError: EEXIST when the target is taken. */
export function snapshotSubvolume(source: string, target: string, options: { readonly readOnly?: boolean } = {}): void {
  onDirectory(source, (sourceFd) => {
    // struct btrfs_ioctl_vol_args_v2 { fd, transid, flags, unused[4], name }
    const argument = Buffer.alloc(VOLUME_BYTES);
    argument.writeBigInt64LE(BigInt(sourceFd), 0);
    argument.writeBigUInt64LE(options.readOnly ? SUBVOL_RDONLY : 0n, 16);
    nameOf(target).copy(argument, 56);
    onDirectory(dirname(target), (fd) => callIoctl(fd, SNAP_CREATE_V2, argument, () => `snapshot ${source} as ${target}`));
  });
}

/** Deletes a subvolume with all its files, also a read-only one. Safe to repeat. Throws KernelError: ENOTEMPTY when it holds another. */
export function deleteSubvolume(path: string): void {
  try {
    onDirectory(dirname(path), (fd) => callIoctl(fd, SNAP_DESTROY, volumeArgument(0, path), () => `delete subvolume ${path}`));
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT")) throw error;
  }
}

/** Throws KernelError: EROFS when it is held open for writing. */
export function setSubvolumeReadOnly(path: string, readOnly: boolean): void {
  onDirectory(path, (fd) => {
    const flags = Buffer.alloc(8);
    callIoctl(fd, SUBVOL_GETFLAGS, flags, () => `read flags of subvolume ${path}`);
    const others = flags.readBigUInt64LE() & ~SUBVOL_RDONLY;
    flags.writeBigUInt64LE(others | (readOnly ? SUBVOL_RDONLY : 0n));
    callIoctl(fd, SUBVOL_SETFLAGS, flags, () => `make subvolume ${path} ${readOnly ? "read-only" : "writable"}`);
  });
}

/** False also when nothing is there. Throws the error of node:fs for anything else. */
export function isSubvolume(path: string): boolean {
  try {
    const found = statSync(path);
    return found.isDirectory() && found.ino === SUBVOLUME_INODE && statfsSync(path).type === fileSystemMagic.btrfs;
  } catch (error) {
    if (hasErrorCode(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

/** Starts counting on the file system at a path, and waits for the count of what is there. Safe to repeat. Throws KernelError. */
export function enableQuota(path: string): void {
  onDirectory(path, (fd) => {
    const argument = Buffer.alloc(16);
    argument.writeBigUInt64LE(QUOTA_CTL_ENABLE);
    callIoctl(fd, QUOTA_CTL, argument, () => `enable quota on ${path}`);
    callIoctl(fd, QUOTA_RESCAN_WAIT, 0, () => `count quota of ${path}`);
  });
}

/**
 * Limits what a subvolume may refer to, in bytes, shared blocks included; undefined lifts the limit.
 * Throws KernelError: ENOTCONN when quota is off; see enableQuota.
 */
export function setQuotaLimit(path: string, bytes: number | undefined): void {
  // struct btrfs_ioctl_qgroup_limit_args { qgroupid (0: of this subvolume), flags, max_rfer, max_excl, rsv_rfer, rsv_excl }
  const argument = Buffer.alloc(48);
  argument.writeBigUInt64LE(QGROUP_LIMIT_MAX_RFER, 8);
  argument.writeBigUInt64LE(bytes === undefined ? NO_LIMIT : BigInt(bytes), 16);
  onDirectory(path, (fd) => callIoctl(fd, QGROUP_LIMIT, argument, () => `limit subvolume ${path} to ${bytes ?? "unlimited"} bytes`));
}

export type QuotaUsage = {
  /** All that the subvolume refers to; as of the last commit to disk. */
  readonly referencedBytes: number;
  /** What deleting it would free. */
  readonly exclusiveBytes: number;
  readonly limitBytes: number | undefined;
};

/** Undefined when the subvolume is not counted, as when quota is off. Throws KernelError. */
export function readQuotaUsage(path: string): QuotaUsage | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const subvolume = readSubvolumeId(fd, path);
    // struct btrfs_qgroup_info_item { generation, rfer, rfer_cmpr, excl, excl_cmpr }
    const info = searchQuotaTree(fd, path, QGROUP_INFO_KEY, subvolume);
    // struct btrfs_qgroup_limit_item { flags, max_rfer, max_excl, rsv_rfer, rsv_excl }
    const limit = searchQuotaTree(fd, path, QGROUP_LIMIT_KEY, subvolume);
    if (!info) return undefined;
    const largest = limit && (limit.readBigUInt64LE(0) & QGROUP_LIMIT_MAX_RFER) !== 0n ? limit.readBigUInt64LE(8) : NO_LIMIT;
    return {
      referencedBytes: Number(info.readBigUInt64LE(8)),
      exclusiveBytes: Number(info.readBigUInt64LE(24)),
      limitBytes: largest === NO_LIMIT ? undefined : Number(largest),
    };
  } finally {
    closeSync(fd);
  }
}

function readSubvolumeId(fd: number, path: string): bigint {
  // struct btrfs_ioctl_ino_lookup_args { treeid (0: of this descriptor), objectid, name }
  const argument = Buffer.alloc(VOLUME_BYTES);
  argument.writeBigUInt64LE(BigInt(SUBVOLUME_INODE), 8);
  callIoctl(fd, INO_LOOKUP, argument, () => `find subvolume ${path}`);
  return argument.readBigUInt64LE(0);
}

/** The item of one qgroup: key (0, type, subvolume). A missing quota tree is ENOENT. */
function searchQuotaTree(fd: number, path: string, type: number, subvolume: bigint): Buffer | undefined {
  // struct btrfs_ioctl_search_key: tree, min and max of objectid, offset and transid, min and max of type, nr_items
  const argument = Buffer.alloc(VOLUME_BYTES);
  argument.writeBigUInt64LE(QUOTA_TREE, 0);
  argument.writeBigUInt64LE(subvolume, 24);
  argument.writeBigUInt64LE(subvolume, 32);
  argument.writeBigUInt64LE(NO_LIMIT, 48);
  argument.writeUInt32LE(type, 56);
  argument.writeUInt32LE(type, 60);
  argument.writeUInt32LE(1, 64);
  try {
    callIoctl(fd, TREE_SEARCH, argument, () => `read quota of ${path}`);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return undefined;
    throw error;
  }
  // The key's 104 bytes, then for each item a header of 32 bytes and its body.
  return argument.readUInt32LE(64) === 0 ? undefined : argument.subarray(104 + 32);
}

/** struct btrfs_ioctl_vol_args { fd, name } */
function volumeArgument(fd: number, path: string): Buffer {
  const argument = Buffer.alloc(VOLUME_BYTES);
  argument.writeBigInt64LE(BigInt(fd), 0);
  nameOf(path).copy(argument, 8);
  return argument;
}

function nameOf(path: string): Buffer {
  const name = Buffer.from(basename(path));
  if (name.length === 0 || name.length > LONGEST_NAME_BYTES) throw new RangeError(`not a name for a subvolume: ${path}`);
  return name;
}

function onDirectory(path: string, run: (fd: number) => void): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    run(fd);
  } finally {
    closeSync(fd);
  }
}
