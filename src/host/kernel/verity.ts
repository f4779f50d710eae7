/** fs-verity: the kernel checks each read of a file against a Merkle tree. See fsverity in the kernel's documentation, linux/fsverity.h. */
import { closeSync, openSync } from "node:fs";
import { callIoctl, hasErrorCode, ioctlNumber } from "./libc.ts";

const FS_IOC_ENABLE_VERITY = ioctlNumber("write", 0x66, 133, 128);
const FS_IOC_MEASURE_VERITY = ioctlNumber("both", 0x66, 134, 4);
const HASH_SHA256 = 1;
const BLOCK_BYTES = 4096;
const LARGEST_DIGEST_BYTES = 64;
/** No verity in the kernel, in this file system, or switched on in this instance of it. */
const UNSUPPORTED = ["EOPNOTSUPP", "ENOTTY"] as const;

/**
 * Makes a file unchangeable for good: SHA-256, 4,096-byte blocks, no salt. Safe to repeat.
 * Reads the whole file, so a large one takes its time. Throws KernelError: ETXTBSY while anyone has it open for writing.
 */
export function enableVerity(path: string): "enabled" | "unsupported" {
  // struct fsverity_enable_arg: version, hash_algorithm, block_size; no salt, no signature
  const argument = Buffer.alloc(128);
  argument.writeUInt32LE(1, 0);
  argument.writeUInt32LE(HASH_SHA256, 4);
  argument.writeUInt32LE(BLOCK_BYTES, 8);
  const fd = openSync(path, "r");
  try {
    callIoctl(fd, FS_IOC_ENABLE_VERITY, argument, () => `enable fs-verity on ${path}`);
    return "enabled";
  } catch (error) {
    if (hasErrorCode(error, "EEXIST")) return "enabled";
    if (hasErrorCode(error, ...UNSUPPORTED)) return "unsupported";
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** The digest that the kernel enforces, hexadecimal; undefined for a file without fs-verity. Throws KernelError. */
export function measureVerity(path: string): string | undefined {
  // struct fsverity_digest { digest_algorithm, digest_size, digest[] }
  const argument = Buffer.alloc(4 + LARGEST_DIGEST_BYTES);
  argument.writeUInt16LE(LARGEST_DIGEST_BYTES, 2);
  const fd = openSync(path, "r");
  try {
    callIoctl(fd, FS_IOC_MEASURE_VERITY, argument, () => `measure fs-verity of ${path}`);
  } catch (error) {
    if (hasErrorCode(error, "ENODATA", ...UNSUPPORTED)) return undefined;
    throw error;
  } finally {
    closeSync(fd);
  }
  return argument.toString("hex", 4, 4 + argument.readUInt16LE(2));
}
