/** Where a ledger ends, and so where it goes on. */
import fs from "node:fs";
import { genesisHash, parseLedgerLine } from "./ledger-line.ts";
import { listSegments, readLastLine, type Segment } from "./segments.ts";

export interface LedgerEnd {
  readonly seq: number;
  readonly hash: string;
  /** To be continued; undefined when a new segment has to begin. */
  readonly segment: Segment | undefined;
  /** Bytes of a line that a loss of power had torn; they are cut off. */
  readonly tornBytes: number;
  /** The file whose last line is no event: it is left for `ledger verify` to name. */
  readonly damaged?: string;
}

export function findLedgerEnd(directory: string): LedgerEnd {
  let tornBytes = 0;
  for (const segment of [...listSegments(directory)].reverse()) {
    const { line, end, size } = readLastLine(segment.file);
    tornBytes += size - end;
    if (line === undefined) {
      // Not even its first line was whole.
      fs.rmSync(segment.file);
      continue;
    }
    if (end < size) fs.truncateSync(segment.file, end);
    const last = parseLedgerLine(line);
    if (last !== undefined) return { seq: last.event.seq, hash: last.hash, segment, tornBytes };
    const lines = fs.readFileSync(segment.file, "utf8").split("\n").length - 1;
    return { seq: segment.first + lines - 1, hash: genesisHash, segment: undefined, tornBytes, damaged: segment.file };
  }
  return { seq: 0, hash: genesisHash, segment: undefined, tornBytes };
}
