/** Reads a ledger as it grows, from an event on: what a reader has not taken yet is read again, also after a restart. */
import fs from "node:fs";
import { listSegments, readPieces } from "./segments.ts";

export class LedgerCursor {
  readonly #directory: string;
  /** The last event taken. */
  #seq: number;
  #file: string | undefined;
  #offset = 0;

  constructor(directory: string, seq: number) {
    this.#directory = directory;
    this.#seq = seq;
  }

  get seq(): number {
    return this.#seq;
  }

  /** Calls `take` with each line after the last one taken. One that it refuses (by throwing) is offered again the next time. */
  async read(take: (line: string) => Promise<void>): Promise<void> {
    for (const { file } of this.#pending()) {
      if (file !== this.#file) [this.#file, this.#offset] = [file, 0];
      await this.#readSegment(file, take);
    }
  }

  /** The segment that holds the next event, and all behind it. */
  #pending() {
    const segments = listSegments(this.#directory);
    const from = segments.findLastIndex(({ first }) => first <= this.#seq + 1);
    return segments.slice(Math.max(0, from));
  }

  async #readSegment(file: string, take: (line: string) => Promise<void>): Promise<void> {
    if (!fs.existsSync(file)) return;
    const pieces: Buffer[] = [];
    await readPieces(file, this.#offset, (bytes) => pieces.push(bytes));
    for (const line of pieces.flatMap((bytes) => bytes.toString("utf8").split("\n"))) {
      const seq = seqOf(line);
      if (seq === undefined || seq > this.#seq) await take(line);
      this.#seq = Math.max(this.#seq, seq ?? 0);
      this.#offset += Buffer.byteLength(line) + 1;
    }
  }
}

/** The number comes first in every line. */
function seqOf(line: string): number | undefined {
  const digits = /^\{"seq":(\d+),/.exec(line)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
