/** Host ports given to a running or stopped ISC, and taken back. Connections of others, and those already open, are left alone. */
import { Problem } from "../../base/problem.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { Exposure, Protocol } from "../../model/network.ts";
import type { Engine } from "../engine.ts";
import { findProcess } from "../parts/process.ts";
import { ensureTraffic } from "../parts/traffic.ts";
import { assertHostPortsFree } from "./host-ports.ts";
import { assertFree } from "./quarantine-refusal.ts";

/** Safe to repeat. Throws Problem PORT_TAKEN. */
export function exposePort(engine: Engine, name: Name, exposure: Exposure): Promise<IscRecord> {
  return engine.locks.run("*", () =>
    engine.locks.run(name, async () => {
      const record = engine.iscs.get(name);
      assertFree(record, "expose");
      if (record.exposures.some((other) => JSON.stringify(other) === JSON.stringify(exposure))) return record;
      assertHostPortsFree(engine, {}, [exposure]);
      return changeExposures(engine, name, [...record.exposures, exposure]);
    }),
  );
}

/** Throws Problem PORT_NOT_EXPOSED when there is no such exposure. */
export function unexposePort(engine: Engine, name: Name, hostPort: number, protocol: Protocol): Promise<IscRecord> {
  return engine.locks.run(name, async () => {
    const record = engine.iscs.get(name);
    const kept = record.exposures.filter((exposure) => exposure.hostPort !== hostPort || exposure.protocol !== protocol);
    if (kept.length === record.exposures.length) {
      const ports = record.exposures.map((exposure) => `${exposure.hostPort}/${exposure.protocol}`).join(", ");
      throw new Problem("PORT_NOT_EXPOSED", `cannot unexpose ${hostPort}/${protocol}: it is not a host port of ${name}`, {
        hint: ports === "" ? `${name} has none` : `${name} has ${ports}`,
      });
    }
    return changeExposures(engine, name, kept);
  });
}

async function changeExposures(engine: Engine, name: Name, exposures: readonly Exposure[]): Promise<IscRecord> {
  const manifest = await engine.images.open(engine.iscs.get(name).image);
  const record = await engine.iscs.update(name, { exposures });
  if (findProcess(engine, name)) ensureTraffic(engine, record, manifest.posture.network);
  return record;
}
