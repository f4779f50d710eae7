/**
 * Runs unit tests, system tests and those in a virtual machine, two files at a time, shows each as it ends, and closes with one line:
 * "N passed, N failed, N skipped".
 * Its arguments name the checks that failed before: they count as failures, and are named once more at the end.
 */

import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Counts } from "./test-counts.ts";

interface Job {
  readonly title: string;
  readonly files: readonly string[];
}

interface Result extends Counts {
  readonly title: string;
  readonly tookMs: number;
}

/** Docks of tests have networks by lane: see test/system/support/dock.ts. */
const lanes = Math.min(2, availableParallelism());
/** System tests share one kernel, and keep apart by names of their own. Those that cannot are run one by one when the others have ended. */
const alone: readonly string[] = [
  // Switches the audit of the whole kernel off and on.
  "test/system/audit.test.ts",
  // These measure wall time.
  "test/system/capabilities.test.ts",
  "test/system/process-one.test.ts",
];
const worker = fileURLToPath(new URL("run-test-files.ts", import.meta.url));
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("../node_modules/.compile-cache", import.meta.url));

const began = Date.now();
const system = globSync("test/system/**/*.test.ts").sort();
const each = (files: readonly string[]): Job[] => files.map((file) => ({ title: file, files: [file] }));
const results = [
  ...(await runSideBySide([
    // The longest, which needs little of this machine but a processor.
    ...each(globSync("test/vm/*.test.ts")),
    { title: "unit tests", files: globSync("{src,test/bench,test/attack}/**/*.test.ts").sort() },
    ...each(system.filter((file) => !alone.includes(file))),
  ])),
  ...(await runInTurn(each(system.filter((file) => alone.includes(file))), 0)),
];
report(results, process.argv.slice(2));

async function runSideBySide(jobs: readonly Job[]): Promise<readonly Result[]> {
  // One iterator for all: each lane takes the next job when it has ended one.
  const queue = jobs.values();
  return (await Promise.all(Array.from({ length: lanes }, (_, lane) => runInTurn(queue, lane)))).flat();
}

async function runInTurn(jobs: Iterable<Job>, lane: number): Promise<readonly Result[]> {
  const ended: Result[] = [];
  for (const job of jobs) ended.push(await runJob(job, lane));
  return ended;
}

/** What it says is held back until it ends: the words of two at once would be nobody's. */
async function runJob({ title, files }: Job, lane: number): Promise<Result> {
  const since = Date.now();
  // Mounts of one lane would live on in the mount namespace of a dock that starts in the other.
  const apart = process.getuid?.() === 0 ? ["/usr/bin/unshare", "--mount", "--propagation=slave", "--"] : [];
  const [program = process.execPath, ...words] = [...apart, process.execPath, worker, ...files];
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe", "ipc"], env: { ...process.env, ISC_TEST_LANE: String(lane) } });
  let counts: Counts | undefined;
  child.on("message", (message) => {
    counts = message as Counts;
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => said.push(chunk));
  const [exitCode] = await new Promise<readonly unknown[]>((resolve) => {
    child.once("error", (error) => resolve([error.message]));
    child.once("close", (...how) => resolve(how));
  });
  const tookMs = Date.now() - since;
  console.log(`\n${title} (${seconds(tookMs)})`);
  process.stdout.write(Buffer.concat(said));
  if (counts === undefined) console.log(`${title} ended without a summary: ${String(exitCode)}`);
  return { passed: 0, failed: 1, skipped: 0, ...counts, title, tookMs };
}

function report(ended: readonly Result[], failedChecks: readonly string[]): void {
  const sum = (of: keyof Counts) => ended.reduce((total, counts) => total + counts[of], 0);
  const longest = ended.toSorted((a, b) => b.tookMs - a.tookMs).slice(0, 8);
  console.log(
    `\ntests took ${seconds(Date.now() - began)}, longest: ${longest.map(({ title, tookMs }) => `${title} ${seconds(tookMs)}`).join(", ")}`,
  );
  for (const { title, failed } of ended) if (failed > 0) console.log(`failed: ${title}`);
  if (failedChecks.length > 0) console.log(`failed before the tests: ${failedChecks.join(", ")}`);
  const passed = sum("passed");
  const failed = sum("failed") + failedChecks.length;
  console.log(`${passed} passed, ${failed} failed, ${sum("skipped")} skipped`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)} s`;
}
