/**
 * Reconcile: when a dock starts, the records say what should be and the kernel says what is. What runs and should is taken over as it
 * is; what was broken off half way is finished or undone; what belongs to nobody is removed.
 */
import { linkPrefix, tableName } from "../model/identity.ts";
import { type IscRecord, identityOf, instancesOf } from "../model/isc.ts";
import { isName, type Name } from "../model/name.ts";
import { describeFoundChanged } from "../plan/watch/restore-tally.ts";
import type { NftElement } from "../render/nft-ruleset-elements.ts";
import { emptyTemporary } from "./build/work-directory.ts";
import type { Engine } from "./engine.ts";
import { recordOfBeside, recordsOf } from "./lifecycle/beside.ts";
import { finishDestroy } from "./lifecycle/destroy.ts";
import { drainInstance } from "./lifecycle/drain.ts";
import { reconcileQuarantine } from "./lifecycle/quarantine.ts";
import { startFresh } from "./lifecycle/start.ts";
import { endProcesses, removeBeside, removeInstance, removeParts } from "./lifecycle/stop.ts";
import { removeStrayCgroups } from "./parts/cgroup.ts";
import { forgetStrayConnections } from "./parts/connections.ts";
import { type ElementOwner, resolverOwner } from "./parts/firewall.ts";
import { killStrayMonitors } from "./parts/kill.ts";
import { ensureNetwork } from "./parts/network.ts";
import { findProcess } from "./parts/process.ts";
import { sweepImageMounts } from "./parts/root-mount.ts";
import { resolveConnections, trafficOf } from "./parts/traffic.ts";
import { resolverElements, resolverIdentity } from "./stack/resolver-network.ts";
import { ensureStackNetworks, resumeStacks } from "./stack/resume.ts";
import { ownerOf } from "./stack/stack-traffic.ts";
import { findChangedRules } from "./verify/firewall-difference.ts";

/** How long an instance that no longer has the name gets to end in good order, when the dock that let it drain is gone. */
const farewellMs = 1_000;

export interface ReconcileReport {
  readonly kept: readonly string[];
  readonly started: readonly string[];
  readonly removed: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
}

export async function reconcile(engine: Engine): Promise<ReconcileReport> {
  await emptyTemporary(engine.host, engine.layout);
  const records = engine.iscs.list();
  const kept = records.filter((record) => record.desired === "running" && findProcess(engine, record.name));
  const rest = records.filter((record) => !kept.includes(record));
  // The firewall stands before anything else is done: first for those that run, then for each as it starts.
  engine.stackTraffic.adopt(kept.map(({ name }) => engine.layout.parts(name)));
  await loadFirewall(engine, kept);
  await ensureStackNetworks(engine);
  const failed: { name: string; error: unknown }[] = [];
  await tellWatchers(engine, kept);
  const attempt = async (record: IscRecord, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      failed.push({ name: record.name, error });
    }
  };
  for (const record of kept) await attempt(record, () => reconcileQuarantine(engine, record));
  for (const record of kept) await attempt(record, () => endBeside(engine, record));
  for (const record of kept) await attempt(record, async () => ensureNetwork(engine, record));
  const keptParts = partsOfAll(engine, kept);
  const isKept = (name: string) => keptParts.has(name);
  killStrayMonitors(engine, isKept);
  await removeStrayCgroups(engine, isKept);
  for (const record of rest.filter((one) => !keepsRemains(one))) await attempt(record, () => removeParts(engine, record));
  await removeOrphans(engine);
  for (const record of rest.filter(({ desired }) => desired === "destroyed")) await attempt(record, () => finishDestroy(engine, record));
  const due = rest.filter((one) => one.desired === "running" && !keepsRemains(one));
  for (const record of due) await attempt(record, () => startFresh(engine, record.name));
  await resumeStacks(engine);
  sweepImageMounts(
    engine,
    new Set(
      engine.iscs
        .list()
        .filter((record) => findProcess(engine, record.name))
        .map((record) => record.image),
    ),
  );
  return {
    kept: kept.map(({ name }) => name),
    started: due.filter(({ name }) => !failed.some((one) => one.name === name)).map(({ name }) => name),
    removed: rest.filter(({ desired }) => desired === "destroyed").map(({ name }) => name),
    failed,
  };
}

/** Somebody may have taken the table away while there was no dock: what came about since then does not live on by being known. */
async function loadFirewall(engine: Engine, kept: readonly IscRecord[]): Promise<void> {
  const elements = await elementsOf(engine, kept);
  const change = kept.length > 0 ? findChangedRules(engine) : undefined;
  engine.firewall.load(elements);
  if (change === undefined) return;
  const connections = forgetStrayConnections(engine);
  // Another version of the dock loads other rules, too.
  if (change === "gone" || connections > 0)
    engine.events.emit(describeFoundChanged({ table: tableName(engine.dock), change, connections }));
}

/**
 * A cleanse that was broken off: whoever has the name keeps it, and the others go. Those that had it may say goodbye to their
 * connections; in quarantine they stay, as everything does, and go after the release.
 */
async function endBeside(engine: Engine, record: IscRecord): Promise<void> {
  const previous = (record.beside ?? []).filter(({ role }) => role === "previous");
  if (record.quarantine) {
    await removeBeside(engine, record.name, "next");
    for (const one of previous) {
      const manifest = await engine.images.findManifest(one.image);
      if (manifest) drainInstance(engine, { name: record.name, previous: one, manifest, exposures: record.exposures, drainMs: 0 });
    }
    return;
  }
  for (const one of previous) await endProcesses(engine, recordOfBeside(record, one), farewellMs);
  await removeBeside(engine, record.name);
}

/** The parts that are somebody's: of each ISC, and of its instances beside. */
function partsOfAll(engine: Engine, records: readonly IscRecord[]): ReadonlySet<string> {
  const current = records.map(({ name }) => engine.iscs.get(name));
  const names = current.flatMap(recordsOf);
  return new Set(names.map(({ name }) => engine.layout.parts(name)));
}

/** What was in quarantine when its processes ended keeps what it has, and is not started by itself. */
function keepsRemains({ quarantine, desired }: IscRecord): boolean {
  return quarantine !== undefined && desired !== "destroyed";
}

/** Sensors forget with the dock that had them: what runs on is new to them. */
async function tellWatchers(engine: Engine, kept: readonly IscRecord[]): Promise<void> {
  for (const record of kept) {
    const manifest = await engine.images.findManifest(record.image);
    if (!manifest) continue;
    await engine.watchers.starting({ record, manifest });
    await engine.watchers.started({ record, manifest });
  }
}

async function elementsOf(engine: Engine, records: readonly IscRecord[]): Promise<ReadonlyMap<ElementOwner, readonly NftElement[]>> {
  const elements = new Map<ElementOwner, readonly NftElement[]>();
  if (engine.stacks.list().some(({ desired }) => desired === "up")) elements.set(resolverOwner, resolverElements(engine.dock));
  for (const stack of engine.stacks.list()) elements.set(ownerOf(stack.name), engine.stackTraffic.elementsOf(stack));
  for (const record of records) {
    const manifest = await engine.images.findManifest(record.image);
    if (!manifest) continue;
    if (!record.stack) await resolveConnections(engine, manifest.posture.network);
    elements.set(record.name, trafficOf(engine, record, manifest.posture.network));
  }
  return elements;
}

/** Live directories, links and cgroups of ISCs that no record knows: what a kill between two steps of create or destroy can leave. */
async function removeOrphans(engine: Engine): Promise<void> {
  const partsInUse = partsOfAll(engine, engine.iscs.list());
  for (const entry of await engine.host.files.findList(engine.layout.lives)) {
    const [service = "", number = "0"] = entry.split(".");
    if (!isName(service) || !/^\d{1,4}$/.test(number) || partsInUse.has(entry)) continue;
    await removeInstance(engine, { name: `${service}.${number}` as Name, slot: 1 } as IscRecord);
  }
  removeOrphanLinks(engine);
}

function removeOrphanLinks(engine: Engine): void {
  const running = engine.iscs.list().filter((record) => findProcess(engine, record.name));
  const identities = [...running.flatMap(instancesOf).map((instance) => identityOf(engine.dock, instance)), resolverIdentity(engine.dock)];
  const wanted = new Set(identities.flatMap(({ interfaces }) => interfaces.map(({ link }) => link)));
  using socket = new engine.host.kernel.rtnetlink.Rtnetlink();
  for (const { name } of socket.listLinks()) if (name.startsWith(linkPrefix(engine.dock)) && !wanted.has(name)) socket.deleteLink(name);
}
