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
  /** Leave processor and disk to whoever else wants them: all of it is used while nobody does. */
  readonly calm: boolean;
}

/** Pieces between two looks at how much of the time was had. */
const calmPieces = 16;
/** Time that passes beyond this many times the processor's means that something else runs, or that the disk is waited for. */
const contended = 1.5;
/** Rest for so many times what was just used up, at most so long. */
const restFactor = 3;
const longestRestMs = 250;

/** Takes pieces until none is left. */
export function hashPieces(task: MeasureTask): void {
  const next = new Int32Array(task.next);
  const hashes = Buffer.from(task.hashes);
  const piece = Buffer.alloc(pieceBytes);
  // Views of the blocks are made once: making one costs as much as hashing a block.
  const blocks = Array.from({ length: pieceBlocks }, (_, index) => piece.subarray(index * blockBytes, (index + 1) * blockBytes));
  const restWhenNotAlone = task.calm ? createRest() : undefined;
  for (;;) {
    const offset = Atomics.add(next, 0, 1) * pieceBytes;
    if (offset >= task.sizeBytes) return;
    restWhenNotAlone?.();
    const wanted = Math.min(pieceBytes, task.sizeBytes - offset);
    readWhole(task.fd, piece, wanted, offset);
    const blockCount = Math.ceil(wanted / blockBytes);
    piece.fill(0, wanted, blockCount * blockBytes);
    hashBlocks(blocks, blockCount, hashes, (offset / blockBytes) * hashBytes);
  }
}

/** To be called before every piece: from time to time it compares what the thread got with what passed, and waits. */
function createRest(): () => void {
  let [pieces, sinceMs, used] = [0, performance.now(), process.threadCpuUsage()];
  return () => {
    pieces = (pieces + 1) % calmPieces;
    if (pieces !== 0) return;
    const tookMs = performance.now() - sinceMs;
    const { user, system } = process.threadCpuUsage(used);
    const isAlone = tookMs * 1_000 <= contended * (user + system);
    if (!isAlone) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.min(longestRestMs, restFactor * tookMs));
    sinceMs = performance.now();
    used = process.threadCpuUsage();
  };
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
