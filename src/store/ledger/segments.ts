/** The files of a ledger: each is named after the number of its first event, so that they sort, and any event is found by its number. */
import fs from "node:fs";

export interface Segment {
  /** Number of its first event. */
  readonly first: number;
  readonly file: string;
}

const pattern = /^(\d{12})\.jsonl$/;
const pieceBytes = 64 * 1024;
const readBytes = 1024 * 1024;
const newline = 0x0a;

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

/**
 * The last whole line of a segment, without its newline; undefined when it has none.
 * @param end where a torn line begins that a loss of power has left: the end of the last whole one
 */
export function readLastLine(file: string): { readonly line: string | undefined; readonly end: number; readonly size: number } {
  const fd = fs.openSync(file, "r");
  try {
    const { size } = fs.fstatSync(fd);
    let bytes = Buffer.alloc(0);
    for (let start = size; start > 0; ) {
      const from = Math.max(0, start - pieceBytes);
      const piece = Buffer.alloc(start - from);
      fs.readSync(fd, piece, 0, piece.length, from);
      bytes = Buffer.concat([piece, bytes]);
      start = from;
      const end = bytes.lastIndexOf(newline);
      const before = end <= 0 ? -1 : bytes.lastIndexOf(newline, end - 1);
      if (end >= 0 && (before >= 0 || start === 0)) return { line: bytes.toString("utf8", before + 1, end), end: start + end + 1, size };
    }
    return { line: undefined, end: 0, size };
  } finally {
    fs.closeSync(fd);
  }
}

/** Calls `take` with every line of a file and the offset behind it, from an offset on; a torn last line is left out. */
export function readLines(file: string, offset: number, take: (line: string, end: number) => void): Promise<void> {
  return readPieces(file, offset, (bytes, start) => {
    let position = start;
    for (const line of bytes.toString("utf8").split("\n")) {
      position += Buffer.byteLength(line) + 1;
      take(line, position);
    }
  });
}

/** Calls `take` with whole lines, many at a time and joined by newlines, and the offset they begin at. Lets others work in between. */
export async function readPieces(file: string, offset: number, take: (bytes: Buffer, start: number) => void): Promise<void> {
  const handle = await fs.promises.open(file, "r");
  try {
    let [at, rest] = [offset, Buffer.alloc(0)];
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(readBytes), 0, readBytes, at + rest.length);
      const bytes = rest.length === 0 ? buffer.subarray(0, bytesRead) : Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(newline) + 1;
      if (end > 0) take(bytes.subarray(0, end - 1), at);
      rest = Buffer.from(bytes.subarray(end));
      at += end;
      if (bytesRead === 0) return;
    }
  } finally {
    await handle.close();
  }
}
