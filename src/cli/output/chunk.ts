/** Passes on what a command in an ISC wrote, byte for byte, to the stream it wrote it to. */
import type { OutputChunk } from "../../api/answers.ts";
import { Problem } from "../../base/problem.ts";
import type { CliIo } from "../context.ts";

export function writeChunk(data: unknown, { stdout, stderr }: CliIo): void {
  const { stream, bytes } = parseChunk(data);
  (stream === "stderr" ? stderr : stdout).write(Buffer.from(bytes, "base64"));
}

function parseChunk(data: unknown): OutputChunk {
  if (typeof data === "object" && data !== null && "stream" in data && "bytes" in data && typeof data.bytes === "string") {
    return { stream: data.stream === "stderr" ? "stderr" : "stdout", bytes: data.bytes };
  }
  throw new Problem("BUG", "the dock's output chunk is not understood");
}
