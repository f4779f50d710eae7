/** Hashes the blocks of a file, piece by piece, into shared memory: what each thread of a measurement does. */
import { hash } from "node:crypto";
import { readSync } from "node:fs";

export const blockBytes = 4096;
export const hashBytes = 32;

/** Blocks that a thread takes at a time: large enough that taking them costs nothing beside hashing them. */
const pieceBlocks = 128;
const pieceBytes = pieceBlocks * blockBytes;

/** Memory is shared between the threads, so nothing is copied. */
export interface MeasureTask {
  readonly fd: number;
  readonly sizeBytes: number;
  /** One 32-bit number: the next piece that nobody has taken. */
  readonly next: SharedArrayBuffer;
  /** The hash of every block of the file, in order. */
  readonly hashes: SharedArrayBuffer;
}

/** Takes pieces until none is left. */
export function hashPieces(task: MeasureTask): void {
  const next = new Int32Array(task.next);
  const hashes = Buffer.from(task.hashes);
  const piece = Buffer.alloc(pieceBytes);
  // Views of the blocks are made once: making one costs as much as hashing a block.
  const blocks = Array.from({ length: pieceBlocks }, (_, index) => piece.subarray(index * blockBytes, (index + 1) * blockBytes));
  for (;;) {
    const offset = Atomics.add(next, 0, 1) * pieceBytes;
    if (offset >= task.sizeBytes) return;
    const wanted = Math.min(pieceBytes, task.sizeBytes - offset);
    readWhole(task.fd, piece, wanted, offset);
    const blockCount = Math.ceil(wanted / blockBytes);
    piece.fill(0, wanted, blockCount * blockBytes);
    hashBlocks(blocks, blockCount, hashes, (offset / blockBytes) * hashBytes);
  }
}

/** As strings of bytes: far quicker than asking for a Buffer each time. */
function hashBlocks(blocks: readonly Buffer[], blockCount: number, hashes: Buffer, start: number): void {
  let at = start;
  for (const block of blocks.slice(0, blockCount)) {
    hashes.write(hash("sha256", block, "binary"), at, hashBytes, "binary");
    at += hashBytes;
  }
}

function readWhole(fd: number, into: Buffer, wanted: number, offset: number): void {
  let have = 0;
  while (have < wanted) {
    const got = readSync(fd, into, have, wanted - have, offset + have);
    if (got === 0) throw new Error("the file shrank while it was measured");
    have += got;
  }
}
