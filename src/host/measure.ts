/**
 * The fs-verity digest of a file without help from the kernel, on all cores: the same number that `fsverity digest` prints and that
 * FS_IOC_MEASURE_VERITY would answer. Format: Linux Documentation/filesystems/fsverity.rst; SHA-256, 4096-byte blocks, no salt.
 */
import { hash } from "node:crypto";
import fs from "node:fs";
import type { FileMeasure, MeasureOptions } from "./host.ts";
import { blockBytes, hashBytes, hashPieces, type MeasureTask } from "./measure-blocks.ts";
import { createThreadPool } from "./thread-pool.ts";

/** Up to here it is done at once: handing it to threads takes longer. */
const smallBytes = 256 * 1024;

/** Throws Node's errors of open(2) and read(2), and an Error when the file shrinks while it is read. */
export type MeasureFile = (path: string, options?: MeasureOptions) => Promise<FileMeasure>;

/** The threads start with the first large file and end when idle: starting them takes as long as hashing 100 MB. */
export function createMeasureFile(): MeasureFile {
  const file = new URL("./measure-worker.ts", import.meta.url);
  // Apart, so that nobody waits behind what is done in the background.
  const pools = { usual: createThreadPool<MeasureTask, void>(file), calm: createThreadPool<MeasureTask, void>(file) };
  return async (path, { calm = false } = {}) => {
    const handle = await fs.promises.open(path, "r");
    try {
      const { size: sizeBytes } = await handle.stat();
      const hashes = new SharedArrayBuffer(Math.ceil(sizeBytes / blockBytes) * hashBytes);
      const task: MeasureTask = { fd: handle.fd, sizeBytes, next: new SharedArrayBuffer(4), hashes, calm };
      if (sizeBytes <= smallBytes) hashPieces(task);
      else await pools[calm ? "calm" : "usual"].runOnAll(task);
      return { sizeBytes, verity: `sha256:${hash("sha256", renderDescriptor(sizeBytes, rootHash(Buffer.from(hashes))), "hex")}` };
    } finally {
      await handle.close();
    }
  };
}

/** Hashes level upon level, each cut into zero-padded blocks, until one hash is left. */
function rootHash(hashes: Buffer): Buffer {
  let level = hashes;
  while (level.length > hashBytes) {
    const above = Buffer.alloc(Math.ceil(level.length / blockBytes) * hashBytes);
    for (let block = 0; block * blockBytes < level.length; block += 1) {
      const bytes = Buffer.alloc(blockBytes);
      level.copy(bytes, 0, block * blockBytes);
      above.write(hash("sha256", bytes, "hex"), block * hashBytes, "hex");
    }
    level = above;
  }
  return level;
}

/** struct fsverity_descriptor */
function renderDescriptor(sizeBytes: number, root: Buffer): Buffer {
  const descriptor = Buffer.alloc(256);
  descriptor.writeUInt8(1, 0);
  descriptor.writeUInt8(1, 1);
  descriptor.writeUInt8(Math.log2(blockBytes), 2);
  descriptor.writeBigUInt64LE(BigInt(sizeBytes), 8);
  root.copy(descriptor, 16);
  return descriptor;
}
