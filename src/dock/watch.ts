/** The sensors, each started by itself: one that throws or is missing is told of, and leaves the others alone. */
import { reasonOf } from "../base/reason-of.ts";
import type { Engine } from "../engine/engine.ts";
import { startAudit } from "../engine/watch/audit.ts";
import { startExecGate } from "../engine/watch/exec-gate.ts";
import { startExits } from "../engine/watch/exits.ts";
import { startFirewall } from "../engine/watch/firewall.ts";
import { startHealth } from "../engine/watch/health.ts";
import { startIntegrity } from "../engine/watch/integrity.ts";
import { startPressure } from "../engine/watch/pressure.ts";
import type { Dock } from "./dock.ts";

type Start = (engine: Engine, dock: Dock) => Promise<AsyncDisposable>;

const sensors: readonly (readonly [string, Start])[] = [
  ["audit", startAudit],
  ["exec", startExecGate],
  ["exits", startExits],
  ["firewall", (engine, { config }) => startFirewall(engine, config.firewall)],
  ["health", startHealth],
  ["integrity", (engine, { config, ledger }) => startIntegrity(engine, config.integrity, (listener) => ledger.subscribe(listener))],
  ["pressure", startPressure],
];

/** Before reconcile, so that they are told of what runs already. */
export async function startSensors(dock: Dock): Promise<AsyncDisposable> {
  const started: AsyncDisposable[] = [];
  for (const [name, start] of sensors) {
    try {
      started.push(await start(dock.engine, dock));
    } catch (error) {
      tellMissing(dock, name, error);
    }
  }
  return { [Symbol.asyncDispose]: async () => void (await Promise.all(started.map((sensor) => sensor[Symbol.asyncDispose]()))) };
}

function tellMissing({ engine, log }: Dock, name: string, error: unknown): void {
  log.error({ err: error, sensor: name }, "sensor missing");
  const reason = reasonOf(error);
  engine.events.emit({
    sensor: "dock",
    severity: "warning",
    kind: "sensor.missing",
    message: `nothing is seen of ${name}: ${reason}`,
    facts: { sensor: name, reason },
  });
}
