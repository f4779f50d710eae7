/** npm run attack: what an intruder can do inside an ISC, held against podman and docker. */
import { writeFileSync } from "node:fs";
import { reasonOf } from "../../src/base/reason-of.ts";
import { tryLockFile } from "../../src/host/kernel/lock.ts";
import { Area } from "../bench/area.ts";
import { removeCgroups } from "../bench/remove-cgroups.ts";
import { listLeftovers } from "../system/support/leftovers.ts";
import { type AttackOptions, parseAttackOptions, usage } from "./options.ts";
import { listFailures, renderJson, renderReport } from "./report.ts";
import { runAttack, type Say, type Traced } from "./run-attack.ts";
import { soak } from "./soak.ts";
import { renderSoak } from "./soak-report.ts";
import { listAttempts } from "./technique.ts";
import { techniques } from "./techniques.ts";

const lockFile = "/run/lock/iscadm-attack.lock";

async function main(options: AttackOptions): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error("it needs root, as the dock does");
  if (process.arch !== "x64") throw new Error("the numbers of its system calls are those of x86-64");
  using lock = tryLockFile(lockFile);
  if (!lock) throw new Error("another attack runs on this machine");
  const { failures, traces } = await inArea(options);
  const leftovers = (await Promise.all(traces.map(listLeftovers))).flat().map((leftover) => `left behind: ${leftover}`);
  for (const failure of [...failures, ...leftovers]) process.stdout.write(`FAIL ${failure}\n`);
  return failures.length + leftovers.length === 0 ? 0 : 1;
}

interface Ended extends Traced {
  readonly failures: readonly string[];
}

async function inArea(options: AttackOptions): Promise<Ended> {
  const began = performance.now();
  const say = (line: string) =>
    process.stderr.write(`attack: ${((performance.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${line}\n`);
  await using area = new Area();
  area.onEnd(removeCgroups);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      say("broken off; cleaning up");
      void area[Symbol.asyncDispose]().then(() => process.exit(130));
    });
  }
  return options.soakMinutes === undefined ? await tabulate(area, options, say) : await endure(area, options, say);
}

async function tabulate(area: Area, options: AttackOptions, say: Say): Promise<Ended> {
  const { traces, ...report } = await runAttack(area, options, say);
  process.stdout.write(`${renderReport(report)}\n`);
  if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, renderJson(report));
  return { failures: listFailures(report), traces };
}

async function endure(area: Area, options: AttackOptions, say: Say): Promise<Ended> {
  const { traces, ...report } = await soak(area, { minutes: options.soakMinutes ?? 0, cache: options.cache, say });
  process.stdout.write(`${renderSoak(report)}\n`);
  if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, `${JSON.stringify(report, undefined, 2)}\n`);
  return { failures: report.faults, traces };
}

const ids = listAttempts(techniques).flatMap(({ id, technique }) => [id, technique.id]);
let options: AttackOptions;
try {
  options = parseAttackOptions(process.argv.slice(2), ids);
} catch (error) {
  process.stderr.write(`attack: ${reasonOf(error)}\n${usage}\n`);
  process.exit(2);
}
try {
  process.exitCode = await main(options);
} catch (error) {
  process.stderr.write(`attack: ${reasonOf(error)}\n`);
  process.exitCode = 1;
}
// Pipes of programs that have ended would keep this process a little longer.
process.exit();
