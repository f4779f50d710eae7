/** Lines of a stream whose other end is not trusted to ever end one. */
import type { Readable } from "node:stream";

/** Calls `take` with each whole line; `onTooLong` once, and nothing after, when one is longer. */
export function readBoundedLines(stream: Readable, mostCharacters: number, take: (line: string) => void, onTooLong: () => void): void {
  let parts: string[] = [];
  let length = 0;
  let isOver = false;
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    if (isOver) return;
    const [first = "", ...rest] = text.split("\n");
    for (const [position, piece] of [first, ...rest].entries()) {
      if (position > 0) {
        take(parts.join(""));
        parts = [];
        length = 0;
      }
      parts.push(piece);
      length += piece.length;
      if (length <= mostCharacters) continue;
      isOver = true;
      onTooLong();
      return;
    }
  });
}
