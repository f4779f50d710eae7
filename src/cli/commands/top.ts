/** iscadm top: what the running ISCs use, again and again. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ShowAnswer } from "../../api/answers.ts";
import { renderRoundedSize } from "../../base/size.ts";
import type { IscSummary } from "../../model/isc.ts";
import { ask } from "../ask.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { renderJsonLine } from "../output/json.ts";
import { renderRows } from "../output/table.ts";
import { renderAge, renderTook } from "../output/words.ts";

const refreshMs = 2_000;
/** Enough to keep the dock busy, not enough to keep it from others. */
const askedAtOnce = 8;
const clearScreen = "\u001b[H\u001b[J";

interface Usage {
  readonly isc: IscSummary;
  readonly memoryBytes: number | undefined;
  readonly processCount: number | undefined;
  readonly cpuMs: number | undefined;
  /** Of one core, since the sight before; undefined at the first. */
  readonly cpuPercent: number | undefined;
}

interface Sight {
  readonly atMs: number;
  readonly usages: readonly Usage[];
}

export const command: Command = {
  description: "Shows memory, processor time and processes of the running ISCs, every two seconds until Ctrl-C.",
  options: [{ flags: "--once", description: "look once and end" }],
  examples: [
    { line: "iscadm top", does: "watch" },
    { line: "iscadm top --once", does: "print one table" },
    { line: "iscadm top --json | jq -c '.data.iscs[] | {name, memoryBytes}'", does: "one line of JSON at every look" },
  ],
  jsonLines: true,
  async run(context, input) {
    const isOnce = input.flag("once");
    let sight: Sight | undefined;
    do {
      if (sight !== undefined) await sleep(refreshMs, undefined, { signal: context.signal });
      sight = await look(context, sight);
      print(context, sight, isOnce);
    } while (!isOnce);
    return 0;
  },
};

async function look(context: CliContext, before: Sight | undefined): Promise<Sight> {
  const { iscs } = await ask(context, "list", {});
  const running = iscs.filter(({ status }) => status === "running");
  const usages: Usage[] = [];
  const atMs = context.io.now();
  for (let start = 0; start < running.length; start += askedAtOnce) {
    const asked = running.slice(start, start + askedAtOnce);
    const answers = await Promise.allSettled(asked.map(({ name }) => ask(context, "show", { name })));
    // One that was stopped or destroyed between the two questions is not worth a word.
    for (const answer of answers) if (answer.status === "fulfilled") usages.push(usageOf(answer.value, before, atMs));
  }
  context.signal.throwIfAborted();
  return { atMs, usages };
}

function usageOf({ summary, memoryBytes, processCount, cpuMs }: ShowAnswer, before: Sight | undefined, atMs: number): Usage {
  const cpuBeforeMs = before?.usages.find(({ isc }) => isc.name === summary.name && isc.startedAtMs === summary.startedAtMs)?.cpuMs;
  const spentMs = cpuMs === undefined || cpuBeforeMs === undefined ? undefined : cpuMs - cpuBeforeMs;
  const cpuPercent = spentMs === undefined || before === undefined ? undefined : (100 * spentMs) / Math.max(1, atMs - before.atMs);
  return { isc: summary, memoryBytes, processCount, cpuMs, cpuPercent };
}

function print({ flags, io, palette }: CliContext, { atMs, usages }: Sight, isOnce: boolean): void {
  if (flags.json) {
    const iscs = usages.map(({ isc, ...usage }) => ({ name: isc.name, ...usage }));
    io.stdout.write(renderJsonLine(isOnce ? { result: { iscs } } : { data: { iscs } }));
    return;
  }
  const byMemory = usages.toSorted((first, second) => (second.memoryBytes ?? 0) - (first.memoryBytes ?? 0));
  const rows = byMemory.map(({ isc, memoryBytes, processCount, cpuMs, cpuPercent }) => [
    palette.strong(isc.name),
    memoryBytes === undefined ? "-" : renderRoundedSize(memoryBytes),
    cpuPercent === undefined ? "-" : `${cpuPercent.toFixed(1)}%`,
    cpuMs === undefined ? "-" : renderTook(cpuMs),
    processCount === undefined ? "-" : String(processCount),
    isc.startedAtMs === undefined ? "-" : renderAge(isc.startedAtMs, atMs),
  ]);
  const table =
    rows.length === 0 ? "no ISC runs" : renderRows(["NAME", ">MEMORY", ">CPU", ">CPU TIME", ">PROCESSES", ">UP"], rows, palette);
  io.stdout.write(`${!isOnce && io.stdout.isTTY === true ? clearScreen : ""}${table}\n`);
}
