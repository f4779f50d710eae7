/** Start: make every part of an ISC, in an order in which nothing runs before its walls stand; undo all of it when one part fails. */
import { Problem } from "../../base/problem.ts";
import type { Health } from "../../model/blueprint.ts";
import type { Manifest } from "../../model/image.ts";
import { type IscRecord, identityOf } from "../../model/isc.ts";
import { liveMode } from "../../model/layout.ts";
import type { Name } from "../../model/name.ts";
import { describeExit } from "../../plan/watch/exit-words.ts";
import { advanceHealth } from "../../plan/watch/health-state.ts";
import type { Engine } from "../engine.ts";
import { lastLogLines } from "../last-log-lines.ts";
import { writeBundle } from "../parts/bundle.ts";
import { ensureNetwork, removeNetwork } from "../parts/network.ts";
import {
  findExitCode,
  findProcess,
  type LiveProcess,
  prepareRuntime,
  removeProcess,
  runtimeFor,
  startMonitor,
  startProcess,
} from "../parts/process.ts";
import { ensureRootMount } from "../parts/root-mount.ts";
import { ensureScratch } from "../parts/scratch.ts";
import { ensureOverlay, overlayDirectories } from "../parts/scratch-overlay.ts";
import { ensureSecrets } from "../parts/secrets.ts";
import { ensureTraffic, resolveConnections } from "../parts/traffic.ts";
import { stackOf } from "../stack/membership.ts";
import { ensureShaping } from "../stack/shaping.ts";
import { mountVolumes } from "../volumes/iscs.ts";
import { checkHealth, describeHealth } from "../watch/health-check.ts";
import { assertHostPortsFree, listenersOf } from "./host-ports.ts";
import { assertFree } from "./quarantine-refusal.ts";
import { removeParts } from "./stop.ts";

export interface StartAnswer {
  readonly status: "running";
  readonly live: LiveProcess;
}

const readyTimeoutMs = 30_000;
const readyPollMs = 1;
/** Between two health checks of one that is starting. */
const longestPauseMs = 250;

/** Starts an ISC and waits until it listens where its blueprint says. One that runs already is left alone. Throws Problem. */
export function startIsc(engine: Engine, name: Name): Promise<StartAnswer> {
  return engine.locks.run(name, async () => {
    assertFree(engine.iscs.get(name), "start");
    const running = findProcess(engine, name);
    if (running && engine.iscs.get(name).desired === "running") return { status: "running", live: running };
    await assertStartable(engine, name);
    // What an ISC that ended by itself has left.
    if (engine.host.files.findNow(engine.layout.live.directory(name))) await removeProcess(engine, name);
    return startFresh(engine, name);
  });
}

/**
 * That a start would not be refused at once. The host ports too: a program may have taken one while the ISC was stopped, and
 * would lose its connections to the ISC without a word. Throws Problem.
 */
export async function assertStartable(engine: Engine, name: Name): Promise<void> {
  const record = engine.iscs.get(name);
  const { image, exposures } = record;
  assertStackUp(engine, record);
  await engine.images.open(image);
  assertHostPortsFree(engine, { isc: name }, exposures);
}

/** Without its stack's networks it could run, but reach and be reached by nobody. */
function assertStackUp(engine: Engine, { name, stack }: IscRecord): void {
  const record = stackOf(engine, { stack });
  if (!stack || record?.desired === "up") return;
  throw new Problem("STACK_DOWN", `cannot start ${name}: it is part of stack ${stack.stack}, which is down`, {
    hint: record ? `iscadm up ${record.file}` : `iscadm destroy ${name}`,
  });
}

/** A record put back from a backup may name a slot that was given away meanwhile, and with it another's link, address and uids. */
function assertSlotFree(engine: Engine, { name, slot }: Pick<IscRecord, "name" | "slot">): void {
  const holder = engine.iscs.list().find((other) => other.slot === slot && other.name !== name && findProcess(engine, other.name));
  if (!holder) return;
  const file = engine.layout.isc.record(name);
  throw new Problem(
    "STATE_DAMAGED",
    `cannot start ${name}: its state file ${file} gives it slot ${slot}, on which ISC ${holder.name} runs`,
    {
      hint: `destroy one of them, or clone ${name} and destroy it: a clone gets a slot of its own`,
    },
  );
}

/** The caller holds the ISC's lock, and has removed what was left of its last process. */
export async function startFresh(engine: Engine, name: Name): Promise<StartAnswer> {
  // What starts fresh has left behind why it was in quarantine.
  const { quarantine: _left, ...before } = engine.iscs.get(name);
  const manifest = await engine.images.open(before.image);
  assertStackUp(engine, before);
  assertSlotFree(engine, before);
  // While it is being written the parts can be made: a dock that dies before it is on the disk removes them again.
  const saved = engine.iscs.update(name, { desired: "running", generation: before.generation + 1, quarantine: undefined });
  const record = { ...before, generation: before.generation + 1 };
  try {
    return { status: "running", live: await bringUp(engine, record, manifest, saved) };
  } catch (error) {
    await saved.catch(() => undefined);
    await removeParts(engine, record);
    await engine.iscs.update(name, { desired: "stopped" });
    throw error;
  }
}

/** Every part of an instance, and its service ready. @param saved the record is on the disk: only then may the process run */
export async function bringUp(engine: Engine, record: IscRecord, manifest: Manifest, saved: Promise<unknown>): Promise<LiveProcess> {
  // Its failure is told where it is waited for; until then it must not count as nobody's.
  saved.catch(() => undefined);
  // gVisor takes addresses and routes out of the namespace into its own stack: a second start needs a new one.
  if (manifest.posture.containment === "gvisor") removeNetwork(engine, record);
  const live = await startParts(engine, record, manifest, saved);
  await waitUntilReady(engine, record, manifest, live);
  await engine.watchers.started({ record, manifest });
  return live;
}

async function startParts(engine: Engine, record: IscRecord, manifest: Manifest, saved: Promise<unknown>): Promise<LiveProcess> {
  const { host, layout } = engine;
  const { name } = record;
  await host.files.makeDirectory(layout.live.directory(name), liveMode);
  await Promise.all([layout.live.exitDirectory(name), layout.live.bundle(name)].map((directory) => host.files.makeDirectory(directory)));
  await host.files.remove(`${layout.live.exitDirectory(name)}/${layout.parts(name)}`);
  const program = manifest.posture.containment === "gvisor" ? "runsc" : engine.runtime;
  const runtime = runtimeFor(engine, record, program);
  await prepareRuntime(engine, name, runtime, manifest.posture.limits);
  const monitor = startMonitor(engine, name, runtime);
  try {
    await raiseWalls(engine, record, manifest);
    const overlays = manifest.posture.writes === "flexible" ? await ensureOverlays(engine, name) : [];
    await writeBundle(engine, record, manifest, { runtime: program, overlays, cgroupsByDock: runtime.cgroupsByDock });
    await Promise.all([saved, engine.watchers.starting({ record, manifest })]);
  } catch (error) {
    monitor.abandon();
    throw error;
  }
  return startProcess(engine, name, runtime.starting, monitor);
}

/** Network, firewall, root, scratch, volumes. */
async function raiseWalls(engine: Engine, record: IscRecord, manifest: Manifest): Promise<void> {
  const { name } = record;
  const { network, scratchBytes } = manifest.posture;
  const { uidBase, uidCount } = identityOf(engine.dock, record);
  const idMap = { insideId: 0, hostId: uidBase, count: uidCount };
  ensureNetwork(engine, record);
  if (record.stack) await engine.stackNames.ensure();
  else await resolveConnections(engine, network);
  ensureTraffic(engine, record, network);
  await ensureShaping(engine, record);
  await engine.host.kernel.userNamespaces.lend(idMap, async (userNamespaceFd) => {
    await ensureRootMount(engine, record, { userNamespaceFd, remountable: manifest.posture.containment === "gvisor" });
    const mapping = { idMap, userNamespaceFd };
    const imageRoot = engine.layout.image.mount(record.image);
    const scratch = { name, sizeBytes: scratchBytes, places: manifest.places, imageRoot, encryption: engine.scratchEncryption };
    await ensureScratch(engine, { ...scratch, ...mapping });
    await ensureSecrets(engine, record, manifest);
    if (manifest.posture.writes !== "strict") await mountVolumes(engine, record, manifest, mapping);
  });
}

async function ensureOverlays(engine: Engine, name: Name): Promise<readonly string[]> {
  const made: string[] = [];
  for (const directory of overlayDirectories) if (await ensureOverlay(engine, name, directory)) made.push(directory);
  return made;
}

/**
 * The service counts as ready when every declared port has a listener, which its own network namespace tells without a connection,
 * and when its health check, where one is declared, has gone well once.
 */
async function waitUntilReady(engine: Engine, record: IscRecord, manifest: Manifest, live: LiveProcess): Promise<void> {
  const deadline = engine.host.monotonic() + readyTimeoutMs;
  // gVisor's sockets live inside its sandbox, out of sight.
  const ports = live.runtime === "runsc" ? [] : manifest.posture.network.listen;
  for (;;) {
    if (!findProcess(engine, record.name)) throw await diedAtOnce(engine, record.name);
    if (ports.every(({ port, protocol }) => listenersOf(engine, record.name, protocol).has(port))) break;
    if (engine.host.monotonic() > deadline) {
      const wanted = ports.map(({ port, protocol }) => `${port}/${protocol}`).join(", ");
      throw await notReady(engine, record.name, `it does not listen on ${wanted}`, "check network.listen in the blueprint");
    }
    await engine.host.sleep(readyPollMs);
  }
  if (manifest.posture.health) await waitUntilHealthy(engine, record, manifest.posture.health, deadline);
}

async function waitUntilHealthy(engine: Engine, record: IscRecord, health: Health, deadline: number): Promise<void> {
  for (let pauseMs = 5; ; pauseMs = Math.min(2 * pauseMs, health.everyMs, longestPauseMs)) {
    const fault = await checkHealth(engine, record, health);
    if (fault === undefined)
      return engine.conditions.setHealth(engine.layout.parts(record.name), advanceHealth(undefined, undefined, engine.host.now(), 1).state);
    if (!findProcess(engine, record.name)) throw await diedAtOnce(engine, record.name);
    if (engine.host.monotonic() > deadline) {
      const hint = "check health in the blueprint";
      throw await notReady(engine, record.name, `its health check ${describeHealth(health)} fails (${fault})`, hint);
    }
    await engine.host.sleep(pauseMs);
  }
}

async function notReady(engine: Engine, name: Name, what: string, hint: string): Promise<Problem> {
  const sentence = `cannot start ${name}: ${what} after ${readyTimeoutMs / 1000} s`;
  return new Problem("START_FAILED", sentence, { hint, details: await lastLogLines(engine, name) });
}

async function diedAtOnce(engine: Engine, name: Name): Promise<Problem> {
  const how = describeExit(findExitCode(engine, name));
  return new Problem("START_FAILED", `cannot start ${name}: ${how} before it was ready`, { details: await lastLogLines(engine, name) });
}
