/** npm run bench: measures iscadm beside the engines it is held against, and says which budgets hold. */
import { writeFileSync } from "node:fs";
import { reasonOf } from "../../src/base/reason-of.ts";
import { tryLockFile } from "../../src/host/kernel/lock.ts";
import { Area } from "./area.ts";
import { judgeBudgets } from "./budgets.ts";
import { type BenchOptions, parseBenchOptions, usage } from "./options.ts";
import { removeCgroups } from "./remove-cgroups.ts";
import { renderJson, renderReport } from "./report.ts";
import { runBench } from "./run-bench.ts";

const lockFile = "/run/lock/iscadm-bench.lock";

async function main(options: BenchOptions): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error("it needs root, as the dock does");
  const began = performance.now();
  const say = (line: string) => process.stderr.write(`bench: ${((performance.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${line}\n`);
  using lock = tryLockFile(lockFile);
  if (!lock) throw new Error("another bench runs on this machine: both would measure each other");
  await using area = new Area();
  area.onEnd(removeCgroups);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      say("broken off; cleaning up");
      void area[Symbol.asyncDispose]().then(() => process.exit(130));
    });
  }
  const { measurements, failures } = await runBench(area, options, say);
  const verdicts = judgeBudgets(measurements);
  process.stdout.write(renderReport(measurements, verdicts));
  if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, renderJson(measurements, verdicts));
  const unmeasured = measurements.list().filter(({ contender, values }) => contender === "iscadm" && values.length === 0);
  const missing = [...failures, ...unmeasured.map(({ measure, skipped }) => `${measure.title}: ${skipped}`)];
  if (missing.length > 0) throw new Error(`could not measure ${missing.join("; ")}`);
}

function parse(words: readonly string[]): BenchOptions | undefined {
  try {
    return parseBenchOptions(words);
  } catch (error) {
    process.stderr.write(`bench: ${reasonOf(error)}\n${usage}\n`);
    return undefined;
  }
}

const options = parse(process.argv.slice(2));
if (options === undefined) process.exit(2);
try {
  await main(options);
} catch (error) {
  process.stderr.write(`bench: ${reasonOf(error)}\n`);
  process.exit(1);
}
// Pipes of containers that have just ended would keep this process a little longer.
process.exit(0);
