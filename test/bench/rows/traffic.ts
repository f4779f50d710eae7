/** Requests per second in the steady state, over kept and over new connections, against nginx without a container. */
import { type Bench, Race } from "../bench.ts";
import type { ContenderName } from "../measurements.ts";
import { type Endpoint, waitForAnswer } from "../wait-for-answer.ts";
import { measureLoad } from "../wrk.ts";

const measures = [
  { newConnections: false, measure: { id: "keep-alive", title: "requests, keep-alive", unit: "requests/s", reference: "bare nginx" } },
  {
    newConnections: true,
    measure: { id: "new-connection", title: "requests, new connection each", unit: "requests/s", reference: "bare nginx" },
  },
] as const;

export async function measureTraffic(bench: Bench): Promise<void> {
  const race = new Race(
    bench,
    measures.map(({ measure }) => measure),
  );
  await race.round(0, async (contender) => {
    await contender.start(0);
    await waitForAnswer(contender.endpoint(0));
  });
  const rounds = bench.options.small ? 2 : Math.max(3, Math.ceil(bench.options.rounds / 2));
  for (let round = 0; round < rounds; round++) {
    if (bench.bare) await load(bench, "bare nginx", bench.bare);
    await race.round(round, (contender) => load(bench, contender.name, contender.endpoint(0)));
  }
  await race.round(0, (contender) => contender.stop(0));
}

async function load(bench: Bench, name: ContenderName, endpoint: Endpoint): Promise<void> {
  const seconds = bench.options.small ? 1 : 2;
  for (const { measure, newConnections } of measures) {
    bench.measurements.add(measure, name, await measureLoad(endpoint, { seconds, newConnections }));
  }
}
