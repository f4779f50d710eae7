/** A moment as people write it: how long ago ("10m", "2h30m"), or when ("2026-03-01", "2026-03-01T12:30:05Z"). */
import { parseDuration } from "../base/duration.ts";
import { Problem } from "../base/problem.ts";

/** @returns milliseconds since the epoch. Throws Problem USAGE. */
export function parseMoment(option: string, text: string, nowMs: number): number {
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return nowMs - agoMs;
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new Problem("USAGE", `cannot understand ${option} ${JSON.stringify(text)}`, {
    hint: "write how long ago, such as 10m, or when, such as 2026-03-01T12:30:05Z",
  });
}
