/** Sparse files: what of a file is data, kept in memory, and new files made of only that. See lseek(2) on SEEK_DATA. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { callLibc, hasErrorCode } from "./libc.ts";

const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const BLOCK_BYTES = 4096;

export type DataExtent = { readonly offset: number; readonly bytes: Buffer };

/** A file as its size and the blocks of it that are not zero. */
export type SparseImage = { readonly sizeBytes: number; readonly extents: readonly DataExtent[] };

/** Throws KernelError or the error of node:fs. */
export function readSparse(path: string): SparseImage {
  const fd = openSync(path, "r");
  try {
    const sizeBytes = fstatSync(fd).size;
    const extents: DataExtent[] = [];
    for (let offset = seek(fd, 0, SEEK_DATA); offset !== undefined; ) {
      const end = seek(fd, offset, SEEK_HOLE) ?? sizeBytes;
      const bytes = Buffer.alloc(end - offset);
      readSync(fd, bytes, 0, bytes.length, offset);
      extents.push(...withoutZeros(bytes, offset));
      offset = seek(fd, end, SEEK_DATA);
    }
    return { sizeBytes, extents };
  } finally {
    closeSync(fd);
  }
}

/** Makes a new file, mode 0600, not synced. Throws the error of node:fs: EEXIST when the path is taken, ENOSPC. */
export function writeSparse(path: string, image: SparseImage): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    ftruncateSync(fd, image.sizeBytes);
    for (const { offset, bytes } of image.extents) writeSync(fd, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(fd);
  }
}

/** The next place of data or of a hole; undefined when there is no more. */
function seek(fd: number, offset: number, whence: number): number | undefined {
  try {
    return callLibc("long lseek(int fd, long offset, int whence)", [fd, offset, whence], () => `seek in descriptor ${fd}`);
  } catch (error) {
    if (hasErrorCode(error, "ENXIO")) return undefined;
    throw error;
  }
}

/** Runs of blocks that hold something: programs write zeros where a hole does as well. */
function withoutZeros(bytes: Buffer, start: number): readonly DataExtent[] {
  const zeros = Buffer.alloc(BLOCK_BYTES);
  const runs: { from: number; to: number }[] = [];
  for (let from = 0; from < bytes.length; from += BLOCK_BYTES) {
    const to = Math.min(from + BLOCK_BYTES, bytes.length);
    if (bytes.subarray(from, to).equals(zeros.subarray(0, to - from))) continue;
    const last = runs.at(-1);
    if (last?.to === from) last.to = to;
    else runs.push({ from, to });
  }
  return runs.map(({ from, to }) => ({ offset: start + from, bytes: Buffer.from(bytes.subarray(from, to)) }));
}
