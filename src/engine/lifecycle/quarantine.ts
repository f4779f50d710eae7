/**
 * Quarantine: network cut, processes frozen, everything kept. The record says so first; whatever a kill breaks off after that, the next
 * dock finishes. Release is the same way back.
 */

import { type IscRecord, identityOf } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { forgetConnections } from "../parts/connections.ts";
import { freeze, isFrozen, thaw } from "../parts/freezer.ts";
import { findProcess } from "../parts/process.ts";
import { ensureTraffic } from "../parts/traffic.ts";
import { type EvidenceRequest, tryKeepEvidence } from "../respond/evidence.ts";
import { recordsOf } from "./beside.ts";
import { removeParts } from "./stop.ts";

/** Safe to repeat: the first reason stays. Throws Problem ISC_UNKNOWN. */
export function quarantineIsc(engine: Engine, name: Name, reason: string, trigger?: EvidenceRequest["trigger"]): Promise<IscRecord> {
  return engine.locks.run(name, async () => {
    const before = engine.iscs.get(name);
    const quarantine = before.quarantine ?? { sinceMs: engine.host.now(), reason: reason.slice(0, 500) };
    const record = before.quarantine ? before : await engine.iscs.update(name, { quarantine });
    const { frozen, running } = await ensureQuarantine(engine, record);
    const incident = quarantine.incident ?? (await tryKeepEvidence(engine, { name, action: "quarantine", reason, trigger }));
    if (incident !== undefined) await engine.iscs.update(name, { quarantine: { ...quarantine, incident } });
    engine.events.emit({
      sensor: "response",
      severity: running && !frozen ? "critical" : "alert",
      kind: "response.quarantine",
      message: `in quarantine: ${reason}${running && !frozen ? "; its processes could not be frozen" : ""}`,
      isc: name,
      image: record.image,
      facts: { outcome: "done", reason: reason.slice(0, 500), running, frozen, ...(incident === undefined ? {} : { incident }) },
    });
    return record;
  });
}

/** The caller holds the ISC's lock, or is the only one there. Safe to repeat. */
async function ensureQuarantine(engine: Engine, record: IscRecord): Promise<{ readonly frozen: boolean; readonly running: boolean }> {
  const instances = instancesOf(engine, record);
  for (const instance of instances) await cut(engine, instance);
  let frozen = true;
  for (const instance of instances) frozen = (await freeze(engine, instance.name)) && frozen;
  return { running: instances.length > 0, frozen: instances.length > 0 && frozen };
}

/** Lets it run on as it is. One whose processes have ended meanwhile is stopped then. Throws Problem ISC_UNKNOWN. */
export function releaseIsc(engine: Engine, name: Name): Promise<IscRecord> {
  return engine.locks.run(name, async () => {
    const before = engine.iscs.get(name);
    if (!before.quarantine) return before;
    const alive = findProcess(engine, name) !== undefined;
    const record = await engine.iscs.update(name, { quarantine: undefined, ...(alive ? {} : { desired: "stopped" }) });
    if (alive) await undoQuarantine(engine, record);
    else await removeParts(engine, record);
    const keptMs = engine.host.now() - before.quarantine.sinceMs;
    engine.events.emit({
      sensor: "response",
      severity: "notice",
      kind: "response.release",
      message: `released from quarantine after ${Math.round(keptMs / 1000)} s${alive ? "" : "; its processes had ended"}`,
      isc: name,
      image: record.image,
      facts: { outcome: "done", keptMs, alive },
    });
    return record;
  });
}

/** Safe to repeat, and on what never was in quarantine. */
async function undoQuarantine(engine: Engine, record: IscRecord): Promise<void> {
  for (const instance of instancesOf(engine, record)) {
    const manifest = await engine.images.findManifest(instance.image);
    if (manifest) ensureTraffic(engine, instance, manifest.posture.network);
    engine.stackTraffic.refreshOf(instance);
    if (isFrozen(engine, instance.name)) thaw(engine, instance.name);
  }
}

/** After a restart of the dock: what runs is frozen if its record says so, and only then. */
export async function reconcileQuarantine(engine: Engine, record: IscRecord): Promise<void> {
  if (record.quarantine) await ensureQuarantine(engine, record);
  else if (isFrozen(engine, record.name)) await undoQuarantine(engine, record);
}

function instancesOf(engine: Engine, record: IscRecord): readonly IscRecord[] {
  return recordsOf(record).filter(({ name }) => findProcess(engine, name) !== undefined);
}

/**
 * No packet of an open connection passes: the table looks at its set of those in quarantine before it looks at connections. What the
 * kernel remembers of them is forgotten, so that clients at a host port are told at once that nobody is there.
 */
async function cut(engine: Engine, instance: IscRecord): Promise<void> {
  const manifest = await engine.images.findManifest(instance.image);
  const { interfaces } = identityOf(engine.dock, instance);
  if (manifest) ensureTraffic(engine, instance, manifest.posture.network);
  else
    engine.firewall.set(
      instance.name,
      interfaces.map(({ link }) => ({ set: "quarantined", key: [link] })),
    );
  engine.stackTraffic.refreshOf(instance);
  forgetConnections(engine, instance);
}
