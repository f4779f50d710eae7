/**
 * Runs the test files that its arguments name, one after the other, writes the report, and sends the counts to the process that started it
 * (run-tests.ts). Ends the tests when that process has gone.
 */

import assert from "node:assert/strict";
import { pipeline } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import type { Counts } from "./test-counts.ts";

const abandoned = new AbortController();
process.once("disconnect", () => abandoned.abort());
const events = run({ files: process.argv.slice(2), concurrency: 1, signal: abandoned.signal });
let counts: Counts | undefined;
events.on("test:summary", (summary) => {
  // One summary comes for each file, the last one for all.
  if (summary.file === undefined) counts = countResults(summary.counts, summary.success);
});
await pipeline(events, withoutTotals, new spec(), process.stdout, { end: false });
assert(counts !== undefined, "the run ended without a summary");
process.send?.(counts);
process.disconnect?.();

/** Those of a run are told in no file; run-tests.ts has the sums of all. */
async function* withoutTotals(found: AsyncIterable<{ readonly type: string; readonly data: object }>) {
  for await (const event of found) if (event.type !== "test:diagnostic" || "file" in event.data) yield event;
}

function countResults(found: { passed: number; skipped: number; todo: number; tests: number }, success: boolean): Counts {
  const skipped = found.skipped + found.todo;
  const failed = found.tests - found.passed - skipped;
  // A suite whose hook failed is no test, and is in no count.
  return { passed: found.passed, failed: failed === 0 && !success ? 1 : failed, skipped };
}
