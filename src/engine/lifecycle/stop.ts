/** Stop: end the processes, then take every part away, the last made first. What is kept: the record, the log, the volumes. */
import type { Beside } from "../../model/instance.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { forgetConnections } from "../parts/connections.ts";
import { removeNetwork } from "../parts/network.ts";
import { removeProcess, stopProcess, stopRequestOf } from "../parts/process.ts";
import { removeRootMount, unmountAll } from "../parts/root-mount.ts";
import { removeScratch } from "../parts/scratch.ts";
import { recordOfBeside } from "./beside.ts";
import { assertFree } from "./quarantine-refusal.ts";

/** @param timeoutMs how long the service gets before it is killed; its own time when absent */
export function stopIsc(engine: Engine, name: Name, timeoutMs?: number): Promise<IscRecord> {
  return engine.locks.run(name, async () => {
    assertFree(engine.iscs.get(name), "stop");
    const record = await engine.iscs.update(name, { desired: "stopped" });
    await endProcesses(engine, record, timeoutMs);
    await removeParts(engine, record);
    return record;
  });
}

/** An image that can no longer be opened must not keep its ISC from being stopped: then it is asked with SIGTERM. */
export async function endProcesses(engine: Engine, record: IscRecord, timeoutMs?: number): Promise<void> {
  await engine.watchers.stopping(record.name);
  const manifest = await engine.images.findManifest(record.image);
  const init = manifest?.init ?? { stopSignal: "SIGTERM", stopTimeoutMs: 10_000 };
  await stopProcess(engine, record.name, stopRequestOf(init, timeoutMs));
}

/** Everything that exists only while an ISC runs, its instances beside too. Safe to repeat, and on what never was whole. */
export async function removeParts(engine: Engine, record: IscRecord): Promise<void> {
  await removeInstance(engine, record);
  await removeBeside(engine, record.name);
}

/** The instances that do not have the name, or only those of one role. The caller holds the ISC's lock. */
export async function removeBeside(engine: Engine, name: Name, role?: Beside["role"]): Promise<void> {
  const record = engine.iscs.find(name);
  if (!record?.beside || name !== record.name) return;
  const kept = record.beside.filter((beside) => role !== undefined && beside.role !== role);
  for (const beside of record.beside) if (!kept.includes(beside)) await removeInstance(engine, recordOfBeside(record, beside));
  await engine.iscs.update(name, { beside: kept.length === 0 ? undefined : kept });
}

/** The parts of one instance. */
export async function removeInstance(engine: Engine, record: IscRecord): Promise<void> {
  const { name } = record;
  await engine.watchers.stopping(name);
  await stopProcess(engine, name, { signal: "SIGKILL", timeoutMs: 0 });
  await removeProcess(engine, name);
  await engine.watchers.stopped(name);
  engine.firewall.remove(name);
  removeNetwork(engine, record);
  // Behind a service address others go on where it has ended: who still talks to it must be led anew.
  if (record.stack) forgetConnections(engine, record);
  unmountAll(engine, `${engine.layout.live.directory(name)}/volumes`);
  unmountAll(engine, `${engine.layout.live.directory(name)}/overlay`);
  await removeScratch(engine, name);
  removeRootMount(engine, record);
  unmountAll(engine, engine.layout.live.directory(name));
  await engine.host.files.remove(engine.layout.live.directory(name));
}
