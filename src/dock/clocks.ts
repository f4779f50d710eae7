/** What the dock does again and again: names resolved, foreign firewalls looked at. */

import { refreshEtcHosts } from "../engine/parts/bundle.ts";
import { ensureForeignPassage } from "../engine/parts/foreign-firewall.ts";
import { namesIn, refreshWhere } from "../engine/parts/traffic.ts";
import { pruneLedger } from "../store/ledger/prune-ledger.ts";
import { CleanseClock } from "./cleanse-clock.ts";
import type { Dock } from "./dock.ts";

const namesEveryMs = 30_000;
const foreignEveryMs = 10_000;
const retentionEveryMs = 60_000;
const cleanseEveryMs = 500;

export function startClocks(dock: Dock): AsyncDisposable {
  const cleanse = new CleanseClock(dock);
  const clocks = [
    every(dock, "names", namesEveryMs, () => refreshNames(dock)),
    every(dock, "retention", retentionEveryMs, async () => pruneLedger(dock.ledger, dock.config.ledger, Date.now())),
    every(dock, "foreign firewalls", foreignEveryMs, () => ensureForeignPassage(dock.engine)),
    every(dock, "cleanse", cleanseEveryMs, () => cleanse.look()),
  ];
  return { [Symbol.asyncDispose]: async () => void (await Promise.all(clocks.map((clock) => clock[Symbol.asyncDispose]()))) };
}

/** The next round waits for this one. A round that fails is logged, and the clock goes on. */
function every(dock: Dock, name: string, periodMs: number, work: () => Promise<void>): AsyncDisposable {
  let round = Promise.resolve();
  const timer = setInterval(() => {
    round = round.then(work).catch((error: unknown) => dock.log.error({ err: error, clock: name }, "clock"));
  }, periodMs);
  timer.unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await round;
    },
  };
}

async function refreshNames({ engine }: Dock): Promise<void> {
  const policies = await Promise.all(
    engine.iscs
      .list()
      .filter(({ desired }) => desired === "running")
      .map(async ({ image }) => (await engine.images.findManifest(image))?.posture.network),
  );
  const changed = new Set(await engine.names.refresh(policies.flatMap((policy) => (policy ? namesIn(policy) : []))));
  if (changed.size === 0) return;
  await refreshWhere(engine, (policy) => namesIn(policy).some((name) => changed.has(name)));
  await refreshEtcHosts(engine);
}
