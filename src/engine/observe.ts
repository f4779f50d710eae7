/** What the dock sees of its ISCs: from records in memory and a few small reads of /proc. */
import { identityOfSlot } from "../model/identity.ts";
import type { IscRecord, IscStatus, IscSummary } from "../model/isc.ts";
import type { Engine } from "./engine.ts";
import { findExitCode, findProcess } from "./parts/process.ts";

export async function summarize(engine: Engine, record: IscRecord): Promise<IscSummary> {
  const manifest = await engine.images.findManifest(record.image);
  const identity = identityOfSlot(engine.dock, record.slot);
  const live = record.generation === 0 ? undefined : findProcess(engine, record.name);
  const exitCode = live || record.generation === 0 ? undefined : findExitCode(engine, record.name);
  const health = live && engine.conditions.healthOf(record.name);
  const pressures = live ? engine.conditions.pressuresOn(record.name) : [];
  return {
    name: record.name,
    status: statusOf(record, live !== undefined),
    image: record.image,
    imageName: manifest?.name ?? record.name,
    address: identity.address,
    address6: identity.address6,
    exposures: record.exposures.map(({ hostPort, port, protocol }) => ({ hostPort, port, protocol })),
    containment: manifest?.posture.containment ?? "container",
    writes: manifest?.posture.writes ?? "fixed",
    ...(live && { pid: live.pid, startedAtMs: live.startedAtMs }),
    ...(exitCode !== undefined && { exitCode }),
    ...(health && { health }),
    ...(pressures.length > 0 && { pressures }),
  };
}

function statusOf(record: IscRecord, alive: boolean): IscStatus {
  if (alive) return "running";
  return record.desired === "running" ? "failed" : "stopped";
}

export async function listIscs(engine: Engine): Promise<readonly IscSummary[]> {
  const records = [...engine.iscs.list()].sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
  return Promise.all(records.map((record) => summarize(engine, record)));
}
