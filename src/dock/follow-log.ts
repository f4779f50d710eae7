/** Reads an ISC's console log as conmon writes it (k8s-file: time, stream, F or P, text), from its end or all of it, and goes on as it grows. */
import { open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { OutputChunk } from "../api/answers.ts";

const pollMs = 150;
const readBytes = 256 * 1024;

export interface FollowOptions {
  readonly follow: boolean;
  /** Only the last so many lines of what is there. */
  readonly tail: number | undefined;
  readonly signal: AbortSignal;
  readonly emit: (chunk: OutputChunk) => void;
}

/** A log that does not exist yet is an empty one. */
export async function followLog(file: string, options: FollowOptions): Promise<void> {
  const first = await readFrom(file, 0);
  const lines = splitLines(first.text);
  const shown = options.tail === undefined ? lines.whole : options.tail === 0 ? [] : lines.whole.slice(-options.tail);
  for (const line of shown) emitLine(line, options.emit);
  let position = first.end - Buffer.byteLength(lines.rest);
  while (options.follow && !options.signal.aborted) {
    await sleep(pollMs, undefined, { signal: options.signal }).catch(() => undefined);
    const more = await readFrom(file, position);
    const { whole, rest } = splitLines(more.text);
    for (const line of whole) emitLine(line, options.emit);
    position = more.end - Buffer.byteLength(rest);
  }
}

/** A log that has become shorter was begun anew, and is read from its beginning. */
async function readFrom(file: string, position: number): Promise<{ readonly text: string; readonly end: number }> {
  const size = (await stat(file).catch(() => undefined))?.size;
  if (size === undefined) return { text: "", end: 0 };
  const from = size < position ? 0 : position;
  await using handle = await open(file, "r");
  const chunks: Buffer[] = [];
  let at = from;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(readBytes), 0, readBytes, at);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return { text: Buffer.concat(chunks).toString("utf8"), end: at };
}

function splitLines(text: string): { readonly whole: readonly string[]; readonly rest: string } {
  const end = text.lastIndexOf("\n");
  return end < 0 ? { whole: [], rest: text } : { whole: text.slice(0, end).split("\n"), rest: text.slice(end + 1) };
}

function emitLine(line: string, emit: (chunk: OutputChunk) => void): void {
  const [, stream = "stdout", part = "F"] = line.split(" ", 3);
  const text = line.split(" ").slice(3).join(" ");
  emit({ stream: stream === "stderr" ? "stderr" : "stdout", bytes: Buffer.from(part === "P" ? text : `${text}\n`).toString("base64") });
}
