/** start → first 200: from asking until the service's first answer over its published port. */
import { type Bench, Race } from "../bench.ts";
import { waitForAnswer } from "../wait-for-answer.ts";

const start = { id: "start", title: "start → first 200", unit: "ms", reference: "raw crun" } as const;

export async function measureStart(bench: Bench): Promise<void> {
  const race = new Race(bench, [start]);
  // Round 0 warms everybody up.
  for (let round = 0; round <= bench.options.rounds; round++) {
    await race.round(round, async (contender) => {
      const began = performance.now();
      const answered = waitForAnswer(contender.endpoint(0)).then(() => performance.now() - began);
      const [took] = await Promise.all([answered, contender.start(0)]);
      if (round > 0) bench.measurements.add(start, contender.name, took);
      await contender.stop(0);
    });
  }
}
