/** What the dock sees of its ISCs: from records in memory and a few small reads of /proc. */
import { type ExposureWindow, type IscRecord, type IscStatus, type IscSummary, identityOf } from "../model/isc.ts";
import type { Exposure } from "../model/network.ts";
import type { Engine } from "./engine.ts";
import { findExitCode, findProcess } from "./parts/process.ts";
import { stackOf } from "./stack/membership.ts";

export async function summarize(engine: Engine, record: IscRecord): Promise<IscSummary> {
  const manifest = await engine.images.findManifest(record.image);
  const identity = identityOf(engine.dock, record);
  const live = record.generation === 0 ? undefined : findProcess(engine, record.name);
  const exitCode = live || record.generation === 0 ? undefined : findExitCode(engine, record.name);
  const health = live && engine.conditions.healthOf(engine.layout.parts(record.name));
  const pressures = live ? engine.conditions.pressuresOn(engine.layout.parts(record.name)) : [];
  return {
    name: record.name,
    status: record.quarantine ? "quarantined" : statusOf(record, live !== undefined),
    image: record.image,
    imageName: manifest?.name ?? record.name,
    address: identity.address,
    address6: identity.address6,
    exposures: exposuresOf(engine, record).map(({ hostPort, port, protocol }) => ({ hostPort, port, protocol })),
    containment: manifest?.posture.containment ?? "container",
    writes: manifest?.posture.writes ?? "fixed",
    ...(live && { pid: live.pid, startedAtMs: live.startedAtMs }),
    ...(exitCode !== undefined && { exitCode }),
    ...(health && { health }),
    ...(pressures.length > 0 && { pressures }),
    ...(record.quarantine && { quarantine: record.quarantine }),
  };
}

/** Its own, and those that its stack spreads over it and its like. */
function exposuresOf(engine: Engine, { exposures, stack }: IscRecord): readonly Exposure[] {
  const record = stackOf(engine, { stack });
  const spread = record?.desired === "up" && stack ? record.members[stack.member]?.expose : undefined;
  return [...exposures, ...(spread ?? [])];
}

/** How long the instance that serves has been there, and how long those before it had been. Undefined where neither is to be told. */
export function exposureWindow(engine: Engine, { name, windows, beside = [] }: IscRecord): ExposureWindow | undefined {
  const live = findProcess(engine, name);
  if (!live && !windows) return undefined;
  return {
    ...(live && { currentMs: Math.max(0, engine.host.now() - live.startedAtMs) }),
    ...(windows && { lastMs: windows.lastMs, longestMs: windows.longestMs }),
    replaced: windows?.count ?? 0,
    draining: beside.filter(({ role }) => role === "previous").length,
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
