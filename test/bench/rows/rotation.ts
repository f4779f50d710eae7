/** Cleanse under constant load: a fresh instance every five seconds, requests over kept and over new connections, and how many of them failed. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { nameOf } from "../iscadm-contender.ts";
import { waitForAnswer } from "../wait-for-answer.ts";
import { countFailures } from "../wrk.ts";

const cleanse = { id: "rotation", title: "cleanse under load", unit: "ms" } as const;
const failed = { id: "rotation-failed", title: "requests failed while rotating every 5 s", unit: "requests" } as const;
const made = { id: "rotation-made", title: "requests made while rotating every 5 s", unit: "requests" } as const;
const everyMs = 5_000;

export async function measureRotation({ iscadm, measurements, options, say }: Bench): Promise<void> {
  const seconds = options.small ? 30 : 120;
  await iscadm.start(0);
  try {
    await waitForAnswer(iscadm.endpoint(0));
    const loads = Promise.all([false, true].map((newConnections) => countFailures(iscadm.endpoint(0), { seconds, newConnections })));
    for (let rotation = 1; rotation < (seconds * 1_000) / everyMs; rotation++) {
      await sleep(everyMs);
      const { iscs } = await iscadm.client.call("cleanse", { names: [nameOf(0)] });
      for (const { tookMs } of iscs) measurements.add(cleanse, "iscadm", tookMs);
    }
    for (const load of await loads) {
      measurements.add(made, "iscadm", load.requests);
      measurements.add(failed, "iscadm", load.failed);
      if (load.failed > 0) say(`wrk saw ${load.words}`);
    }
  } finally {
    await iscadm.stop(0);
  }
}
