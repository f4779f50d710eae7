/**
 * Runs unit tests, system tests and those in a virtual machine, shows each as it ends, and closes with one line:
 * "N passed, N failed, N skipped".
 * Its arguments name the checks that failed before: they count as failures, and are named once more at the end.
 */

import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const unit = await runFiles("{src,test/bench,test/attack}/**/*.test.ts", true);
// System tests share one kernel: mounts, tables and addresses are looked at whole.
const system = await runFiles("test/system/**/*.test.ts", false);
// On another kernel, with what this one may lack.
const machine = await runFiles("test/vm/*.test.ts", false);
const failedChecks = process.argv.slice(2);
const all = [unit, system, machine];
const sum = (of: keyof Counts) => all.reduce((total, counts) => total + counts[of], 0);
const passed = sum("passed");
const failed = sum("failed") + failedChecks.length;
if (failedChecks.length > 0) console.log(`failed before the tests: ${failedChecks.join(", ")}`);
console.log(`${passed} passed, ${failed} failed, ${sum("skipped")} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

async function runFiles(pattern: string, sideBySide: boolean): Promise<Counts> {
  const files = globSync(pattern).sort();
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  let counts: Counts | undefined;
  const events = run({ files, concurrency: sideBySide });
  events.on("test:summary", (summary) => {
    // One summary comes for each file, the last one for all.
    if (summary.file === undefined) counts = countResults(summary.counts, summary.success);
  });
  await pipeline(events.compose(spec), process.stdout, { end: false });
  assert(counts !== undefined, `the run of ${pattern} ended without a summary`);
  return counts;
}

function countResults(counts: { passed: number; skipped: number; todo: number; tests: number }, success: boolean): Counts {
  const skipped = counts.skipped + counts.todo;
  const failed = counts.tests - counts.passed - skipped;
  // A suite whose hook failed is no test, and is in no count.
  return { passed: counts.passed, failed: failed === 0 && !success ? 1 : failed, skipped };
}
