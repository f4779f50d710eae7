/** A stack of many small ISCs as one thing: brought up, brought up again, looked at, tested with packets, taken down; and what it takes of memory. */
import { writeFileSync } from "node:fs";
import { makeTinyRoot, renderWide } from "../../system/support/wide-stack.ts";
import { type Bench, timeMs } from "../bench.ts";
import { viewOf } from "../inside.ts";
import { measureBesideBytes } from "../memory.ts";

const mebibyte = 1_024 * 1_024;

interface Size {
  readonly tiers: number;
  readonly count: number;
}

export async function measureStack(bench: Bench): Promise<void> {
  const directory = bench.area.directory("stack");
  makeTinyRoot(directory);
  const sizes: readonly Size[] = bench.options.small
    ? [{ tiers: 4, count: 5 }]
    : [
        { tiers: 4, count: 5 },
        { tiers: 10, count: 10 },
      ];
  for (const size of sizes) {
    const file = `${directory}/stack.yaml`;
    writeFileSync(file, renderWide({ name: "wide", ...size }));
    // Images are built, and the dock is warm.
    await bench.iscadm.client.call("stack-diff", { file });
    const lives = size.tiers * size.count > 20 ? 1 : Math.min(bench.options.rounds, 3);
    for (let life = 0; life < lives; life++) await live(bench, file, size);
  }
}

async function live({ iscadm, measurements, options, say, area }: Bench, file: string, { tiers, count }: Size): Promise<void> {
  const { client, machine } = iscadm;
  const size = tiers * count;
  const add = (id: string, title: string, value: number, unit: "ms" | "MiB" = "ms") =>
    measurements.add({ id: `stack-${id} ${size}`, title: `${title}, ${size} ISCs`, unit }, "iscadm", value);
  const upMs = await timeMs(() => client.call("stack-up", { file }));
  try {
    add("up", "up of a stack", upMs);
    add("up-each", "up of a stack, each", upMs / size);
    // All of it: a difference would tell more of the collector, which gives back what earlier rows have left.
    add("memory", "memory of the dock and its helpers", (await measureBesideBytes(machine)) / mebibyte, "MiB");
    for (let round = 0; round < Math.min(options.rounds, 3); round++) {
      area.assertOpen();
      add("again", "up again, nothing changed", await timeMs(() => client.call("stack-up", { file })));
      add("show", "network show", await timeMs(() => viewOf(iscadm, "wide")));
      add("test", "network test", await timeMs(() => client.call("network-test", { stack: "wide" })));
    }
    say(`${size} ISCs are up and tested`);
  } finally {
    add("down", "down of a stack", await timeMs(() => iscadm.takeDown("wide")));
  }
}
