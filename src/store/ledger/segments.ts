/** The files of a ledger: each is named after the number of its first event, so that they sort, and any event is found by its number. */
import fs from "node:fs";
import { type LedgerLine, parseLedgerLine } from "./ledger-line.ts";

export interface Segment {
  /** Number of its first event. */
  readonly first: number;
  readonly file: string;
}

const pattern = /^(\d{12})\.jsonl$/;

export function segmentFile(directory: string, first: number): string {
  return `${directory}/${String(first).padStart(12, "0")}.jsonl`;
}

/** Oldest first. */
export function listSegments(directory: string): readonly Segment[] {
  return fs
    .readdirSync(directory)
    .flatMap((name) => {
      const first = pattern.exec(name)?.[1];
      return first === undefined ? [] : [{ first: Number(first), file: `${directory}/${name}` }];
    })
    .sort((a, b) => a.first - b.first);
}

/** The last whole line of the newest segment that has one. What a loss of power left of a line is cut off. */
export function readLastLine(directory: string): LedgerLine | undefined {
  for (const { file } of [...listSegments(directory)].reverse()) {
    const text = fs.readFileSync(file, "utf8");
    const end = text.lastIndexOf("\n") + 1;
    if (end < text.length) fs.truncateSync(file, Buffer.byteLength(text.slice(0, end)));
    const line = text.slice(text.lastIndexOf("\n", end - 2) + 1, end - 1);
    if (line !== "") return parseLedgerLine(line);
  }
  return undefined;
}
