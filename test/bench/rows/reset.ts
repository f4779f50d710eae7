/** throw away → clean 200: a file is planted on the running service's scratch; timed until it answers without it again. */
import { type Bench, Race } from "../bench.ts";
import type { Contender } from "../contender.ts";
import { waitForAnswer } from "../wait-for-answer.ts";

const reset = { id: "reset", title: "throw away → clean 200", unit: "ms", reference: "raw crun" } as const;
/** The web server answers 404 for it as long as scratch is clean. */
const trace = "/tampered";

export async function measureReset(bench: Bench): Promise<void> {
  const race = new Race(bench, [reset]);
  await race.round(0, async (contender) => {
    await contender.start(0);
    await waitForAnswer(contender.endpoint(0));
  });
  for (let round = 0; round <= bench.options.rounds; round++) {
    await race.round(round, async (contender) => {
      const took = await timeReplacement(contender);
      if (round > 0) bench.measurements.add(reset, contender.name, took);
    });
  }
  await race.round(0, (contender) => contender.stop(0));
}

async function timeReplacement(contender: Contender): Promise<number> {
  await contender.exec(0, ["/bin/sh", "-c", "echo tampered >/tmp/tampered"]);
  await waitForAnswer(contender.endpoint(0), trace, 200);
  const began = performance.now();
  const clean = waitForAnswer(contender.endpoint(0), trace, 404).then(() => performance.now() - began);
  const [took] = await Promise.all([clean, contender.replace(0)]);
  return took;
}
