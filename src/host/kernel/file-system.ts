/** What one asks of a whole mounted file system, and an exchange of two names. See linux/fs.h, syncfs(2), renameat2(2). */
import { closeSync, constants, openSync } from "node:fs";
import { callIoctl, callLibc, ioctlNumber } from "./libc.ts";

const FITRIM = ioctlNumber("both", 0x58, 121, 24);
const FS_IOC_SHUTDOWN = ioctlNumber("read", 0x58, 125, 4);
const SHUTDOWN_WITHOUT_LOG_FLUSH = 2;
const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;

/**
 * Ends a file system at once: nothing more is written, every further access answers EIO. For ext4 and xfs that are thrown away:
 * unmounting then costs no writing back of what nobody will read. Safe to repeat. Throws KernelError: ENOTTY, EOPNOTSUPP.
 */
export function shutDownFileSystem(mountPoint: string): void {
  const how = Buffer.alloc(4);
  how.writeUInt32LE(SHUTDOWN_WITHOUT_LOG_FLUSH);
  onDirectory(mountPoint, (fd) => callIoctl(fd, FS_IOC_SHUTDOWN, how, () => `shut down the file system at ${mountPoint}`));
}

/** Tells the device below which blocks are free; a loop device punches them out of its file. Answers the bytes. Throws KernelError. */
export function trimFileSystem(mountPoint: string): number {
  // struct fstrim_range { start, len, minlen }
  const range = Buffer.alloc(24);
  range.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 8);
  onDirectory(mountPoint, (fd) => callIoctl(fd, FITRIM, range, () => `trim the file system at ${mountPoint}`));
  return Number(range.readBigUInt64LE(8));
}

/** Writes out everything of the file system that holds a path. Blocks. Throws KernelError; see syncfs(2). */
export function syncFileSystem(path: string): void {
  onDirectory(path, (fd) => callLibc("int syncfs(int fd)", [fd], () => `sync the file system at ${path}`));
}

/** Two names change places in one step. Throws KernelError; see RENAME_EXCHANGE in renameat2(2). */
export function exchangeNames(one: string, other: string): void {
  callLibc(
    "int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)",
    [AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE],
    () => `exchange ${one} and ${other}`,
  );
}

function onDirectory(path: string, run: (fd: number) => void): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    run(fd);
  } finally {
    closeSync(fd);
  }
}
