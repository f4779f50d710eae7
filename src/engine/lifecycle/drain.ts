/** The end of a replaced instance: its open connections may end by themselves, up to a limit; then it is asked to end, and taken away. */
import { reasonOf } from "../../base/reason-of.ts";
import type { Manifest } from "../../model/image.ts";
import { addWindow, type Beside } from "../../model/instance.ts";
import type { Name } from "../../model/name.ts";
import type { Exposure } from "../../model/network.ts";
import type { Engine } from "../engine.ts";
import { forgetConnections } from "../parts/connections.ts";
import { findProcess } from "../parts/process.ts";
import { refreshDependents } from "../parts/traffic.ts";
import { recordOfBeside, withoutBeside } from "./beside.ts";
import { endProcesses, removeInstance } from "./stop.ts";

/** A connection whose first packet went to the old one just before the switch is there by then. */
const settleMs = 500;
const pollMs = 100;
const quarantineLookMs = 1_000;
/** Looks in a row without a connection. */
const quietLooks = 2;

export interface Draining {
  readonly name: Name;
  readonly previous: Beside;
  /** Of the replaced instance. */
  readonly manifest: Manifest;
  readonly exposures: readonly Exposure[];
  readonly drainMs: number;
}

/** Goes on in the background, without the ISC's lock: whatever is done to the ISC meanwhile may take the instance away. */
export function drainInstance(engine: Engine, draining: Draining): void {
  drain(engine, draining).catch((error: unknown) => {
    engine.events.emit({
      sensor: "response",
      severity: "alert",
      kind: "response.drain",
      message: `the replaced instance could not be taken away: ${reasonOf(error)}`,
      isc: draining.name,
      image: draining.previous.image,
      facts: { instance: draining.previous.instance },
    });
  });
}

async function drain(engine: Engine, draining: Draining): Promise<void> {
  const { name, previous } = draining;
  const began = engine.host.monotonic();
  const known = engine.iscs.find(name);
  if (!known) return;
  const record = recordOfBeside(known, previous);
  const startedAtMs = findProcess(engine, record.name)?.startedAtMs;
  const connections = await awaitQuiet(engine, record.name, draining);
  if (isBeside(engine, draining)) await endProcesses(engine, record);
  const windowMs = startedAtMs === undefined ? 0 : Math.max(0, engine.host.now() - startedAtMs);
  const gone = await engine.locks.run(name, async () => {
    const now = engine.iscs.find(name);
    if (!now || !isBeside(engine, draining)) return false;
    await removeInstance(engine, record);
    // A row of datagrams has no end: whoever goes on sending them would go on sending them to nobody.
    if (takesDatagrams(draining)) forgetConnections(engine, record);
    await engine.iscs.update(name, { beside: withoutBeside(now, previous.instance), windows: addWindow(now.windows, windowMs) });
    return true;
  });
  if (!gone) return;
  await refreshDependents(engine, name);
  tellDrained(engine, draining, { connections, windowMs, drainedMs: Math.round(engine.host.monotonic() - began) });
}

/** @returns connections that were still open at the limit */
async function awaitQuiet(engine: Engine, name: Name, draining: Draining): Promise<number> {
  const { drainMs, manifest } = draining;
  const ports = new Set([...manifest.posture.network.listen, ...draining.exposures].map(({ port }) => port));
  const deadline = engine.host.monotonic() + Math.max(drainMs, settleMs);
  await engine.host.sleep(settleMs);
  for (let quiet = 0; ; ) {
    while (engine.iscs.find(draining.name)?.quarantine) await engine.host.sleep(quarantineLookMs);
    if (!findProcess(engine, name)) return 0;
    const open = countOpen(engine, name, ports, manifest);
    quiet = open === 0 ? quiet + 1 : 0;
    if (quiet >= quietLooks) return 0;
    if (engine.host.monotonic() >= deadline) return open;
    await engine.host.sleep(pollMs);
  }
}

/** Connections that an instance has at these ports. */
export function countOpen(engine: Engine, name: Name, ports: ReadonlySet<number>, { posture }: Manifest): number {
  // Sockets of gVisor live inside its sandbox, out of sight: it gets the whole time.
  if (posture.containment === "gvisor") return 1;
  const { namespaces, socketDiag } = engine.host.kernel;
  const pin = engine.layout.live.networkNamespace(name);
  if (!namespaces.isNamespacePin(pin)) return 0;
  return namespaces.withNetworkNamespace(pin, () => socketDiag.countConnections(ports));
}

function isBeside(engine: Engine, { name, previous }: Draining): boolean {
  const beside = engine.iscs.find(name)?.beside ?? [];
  return beside.some(({ instance, role }) => instance === previous.instance && role === "previous");
}

function takesDatagrams({ manifest, exposures }: Draining): boolean {
  return [...manifest.posture.network.listen, ...exposures].some(({ protocol }) => protocol === "udp");
}

interface Drained {
  readonly connections: number;
  readonly windowMs: number;
  readonly drainedMs: number;
}

function tellDrained(engine: Engine, { name, previous }: Draining, { connections, windowMs, drainedMs }: Drained): void {
  const cut = connections === 0 ? "" : `, ${connections} connections were still open`;
  engine.events.emit({
    sensor: "response",
    severity: connections === 0 ? "info" : "notice",
    kind: "response.drain",
    message: `the replaced instance is gone after ${Math.round(windowMs / 1000)} s${cut}`,
    isc: name,
    image: previous.image,
    facts: { instance: previous.instance, windowMs, drainedMs, connections },
  });
}
