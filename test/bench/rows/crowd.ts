/** With many running side by side: memory beside the service, `ls`, and `exec` of true. */
import { type Bench, Race, timeMs } from "../bench.ts";
import type { Contender } from "../contender.ts";
import { measureBesideBytes } from "../memory.ts";
import { measureIdleMs } from "../processor.ts";
import { waitForAnswer } from "../wait-for-answer.ts";

const mebibyte = 1_024 * 1_024;

export interface CrowdRows {
  readonly memory: boolean;
  readonly daily: boolean;
}

export async function measureCrowd(bench: Bench, rows: CrowdRows): Promise<void> {
  const size = bench.options.small ? 8 : 50;
  const measures = {
    memory: { id: "memory", title: `memory beside the service, each of ${size}`, unit: "MiB" },
    idle: { id: "idle", title: `engine at rest, each of ${size} running, of a processor`, unit: "ms/s" },
    list: { id: "list", title: `ls with ${size} running`, unit: "ms" },
    exec: { id: "exec", title: `exec true with ${size} running`, unit: "ms", reference: "raw crun" },
  } as const;
  const wanted = [...(rows.memory ? [measures.memory, measures.idle] : []), ...(rows.daily ? [measures.list, measures.exec] : [])];
  const race = new Race(bench, wanted);
  await race.round(0, async (contender) => {
    const before = await measureBesideBytes(contender.machine);
    const count = Math.min(size, contender.capacity);
    await fill(bench, contender, count);
    if (!rows.memory) return;
    bench.measurements.add(measures.memory, contender.name, ((await measureBesideBytes(contender.machine)) - before) / count / mebibyte);
    const idleMs = await measureIdleMs(contender.machine, bench.options.small ? 6 : 20);
    bench.measurements.add(measures.idle, contender.name, idleMs / count);
    if (count < size) bench.measurements.skip(measures.memory, contender.name, `${count} running`);
  });
  for (let round = 0; rows.daily && round <= bench.options.rounds; round++) {
    await race.round(round, async (contender) => {
      const list = await timeMs(() => contender.list());
      const exec = await timeMs(() => contender.exec(0, ["/bin/true"]));
      if (round === 0) return;
      bench.measurements.add(measures.list, contender.name, list);
      bench.measurements.add(measures.exec, contender.name, exec);
    });
  }
  await race.round(0, async (contender) => {
    for (let index = 0; index < Math.min(size, contender.capacity); index++) await contender.stop(index);
  });
}

async function fill(bench: Bench, contender: Contender, count: number): Promise<void> {
  bench.say(`${contender.name}: ${count} start`);
  for (let index = 0; index < count; index++) {
    bench.area.assertOpen();
    // The first is there since the bench began.
    if (index > 0) await contender.prepare(index);
    await contender.start(index);
  }
  await waitForAnswer(contender.endpoint(count - 1));
}
