/** du(1): what files take on the disk. */
import type { Host } from "../host/host.ts";

const timeoutMs = 600_000;

/** Bytes below each of these paths, in their order; what several share (hard links) counts for the first. Throws CommandFailure. */
export async function measureDiskUse(host: Host, paths: readonly string[]): Promise<readonly number[]> {
  if (paths.length === 0) return [];
  const words = ["--summarize", "--null", "--block-size=1", "--one-file-system", "--", ...paths];
  return parseDiskUse((await host.run({ program: "du", arguments: words, timeoutMs })).stdout);
}

/** Each record is `BYTES<tab>PATH<nul>`. */
export function parseDiskUse(text: string): readonly number[] {
  const records = text.split("\0").filter((record) => record !== "");
  return records.map((record) => Number(record.slice(0, record.indexOf("\t"))));
}
