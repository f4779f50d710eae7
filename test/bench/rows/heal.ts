/**
 * The dock acting by itself: from a mount that somebody makes in a running ISC until the dock's clock finds it; and from that event, or from
 * the denial of a program, which is heard at once, until a fresh instance answers. The evidence is kept in between, as always.
 */
import type { Event } from "../../../src/model/event.ts";
import type { Bench } from "../bench.ts";
import { type IscadmContender, nameOf } from "../iscadm-contender.ts";
import { run } from "../run-program.ts";
import { waitForAnswer } from "../wait-for-answer.ts";

const measures = {
  found: { id: "heal-found", title: "tampered → found by the dock's clock", unit: "ms" },
  clean: { id: "heal-clean", title: "tampering found → clean 200", unit: "ms" },
  denied: { id: "heal-denied", title: "foreign program denied → clean 200", unit: "ms" },
} as const;
/** Resets without end, where the usual policy would soon quarantine. What lets the program come as far as the gate is no finding here. */
const config = `respond:
  cooldown: 0s
  ladder: { reset: { times: 100000, per: 1h } }
  rules: [{ event: integrity.drift, row: write.noexec, do: ignore }, { event: exec.denied, do: reset }]`;
const patienceMs = 45_000;
/** A program on scratch, which a reset empties. The web server answers 404 for it then. */
const trace = "/tampered";
const plant = ["/bin/sh", "-c", `cp /bin/true /tmp${trace}; chmod 755 /tmp${trace}`];

export async function measureHeal({ iscadm, measurements, options }: Bench): Promise<void> {
  await iscadm.configure(config);
  try {
    await iscadm.start(0);
    await waitForAnswer(iscadm.endpoint(0));
    for (let round = 0; round <= options.rounds; round++) {
      const byClock = await heal(iscadm, "integrity.drift", (pid) =>
        mount(pid, "-t", "tmpfs", "-o", "nosuid,nodev,noexec", "none", "/opt"),
      );
      const byDenial = await heal(iscadm, "exec.denied", async (pid) => {
        await mount(pid, "-o", "remount,bind,nosuid,nodev,exec", "/tmp");
        // It is denied, and does not live to tell.
        await iscadm.exec(0, [`/tmp${trace}`]).catch(() => undefined);
      });
      if (round === 0) continue;
      measurements.add(measures.found, "iscadm", byClock.foundMs);
      measurements.add(measures.clean, "iscadm", byClock.cleanMs);
      measurements.add(measures.denied, "iscadm", byDenial.cleanMs);
    }
    await iscadm.stop(0);
  } finally {
    await iscadm.configure("");
  }
}

interface Healed {
  readonly foundMs: number;
  readonly cleanMs: number;
}

async function heal(iscadm: IscadmContender, kind: string, tamper: (pid: number) => Promise<unknown>): Promise<Healed> {
  const endpoint = iscadm.endpoint(0);
  await iscadm.exec(0, plant);
  await waitForAnswer(endpoint, trace, 200);
  const { summary } = await iscadm.client.call("show", { name: nameOf(0) });
  const told = new Map<string, PromiseWithResolvers<number>>([kind, "response.done"].map((one) => [one, Promise.withResolvers()]));
  const over = new AbortController();
  const deadline = AbortSignal.any([over.signal, AbortSignal.timeout(patienceMs)]);
  // The dock's own lines: model/event.ts.
  const onData = (data: unknown) => told.get((data as Event).kind)?.resolve(Date.parse((data as Event).time));
  const following = iscadm.client
    .call("events", { follow: true, tail: 0, name: nameOf(0) }, { signal: deadline, onData })
    .catch((error: unknown) => {
      for (const { reject } of told.values()) reject(error);
    });
  const beganMs = Date.now();
  const tampering = tamper(summary.pid ?? 0);
  const clean = waitForAnswer(endpoint, trace, 404).then(() => Date.now());
  const [foundMs = 0] = await Promise.all([...told.values()].map(({ promise }) => promise));
  const cleanMs = await clean;
  await tampering;
  over.abort();
  await following;
  return { foundMs: foundMs - beganMs, cleanMs: cleanMs - foundMs };
}

async function mount(pid: number, ...words: readonly string[]): Promise<void> {
  await run("mount", ["-N", String(pid), "-n", ...words]);
}
