/** The running container: conmon, its process 1, and what is known of both. */
import { Problem } from "../../base/problem.ts";
import { hasErrorCode } from "../../host/kernel/libc.ts";
import type { Limits } from "../../model/blueprint.ts";
import { identityOfSlot } from "../../model/identity.ts";
import type { Service } from "../../model/image.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import { startConmon, type WaitingConmon } from "../../tools/conmon.ts";
import {
  asIsc,
  deleteContainer,
  fromNetwork,
  inNetwork,
  type OciRuntime,
  ociRuntime,
  type RuntimeProgram,
  startContainer,
} from "../../tools/oci-runtime.ts";
import type { Engine } from "../engine.ts";
import { cgroupTasks, ensureCgroups, removeCgroupsOf } from "./cgroup.ts";
import { endFrozen } from "./freezer.ts";

/** live/NAME/process.json. The start time tells the process from a later one with the same number. */
export interface LiveProcess {
  readonly pid: number;
  readonly startTicks: number;
  readonly conmonPid: number;
  readonly runtime: RuntimeProgram;
  readonly startedAtMs: number;
}

const logSizeLimitBytes = 16 * 1024 * 1024;
const stopPollMs = 5;
/** How long the kernel gets to end a killed process. */
const killTimeoutMs = 5_000;

/** crun alone can be kept from making cgroups, and only v1 has a quicker way; see decision 0005. */
function cgroupsByDock(engine: Engine, program: RuntimeProgram): boolean {
  return program === "crun" && engine.hierarchies.length > 0 && engine.hierarchies.every(({ version }) => version === 1);
}

function runtimeOf(engine: Engine, program: RuntimeProgram): OciRuntime {
  return ociRuntime(program, engine.layout.runtimeState, { cgroupsByDock: cgroupsByDock(engine, program) });
}

/** One runtime, as each of its verbs has to be run for an ISC. */
export interface ContainerRuntime {
  /** create and exec: what they start is in the ISC's cgroups and sees its network. */
  readonly joining: OciRuntime;
  readonly starting: OciRuntime;
  /** The dock makes the cgroups, and the bundle says nothing of them. */
  readonly cgroupsByDock: boolean;
}

/** @param record whose slot says which login id its processes have */
export function runtimeFor(engine: Engine, { name, slot }: Pick<IscRecord, "name" | "slot">, program: RuntimeProgram): ContainerRuntime {
  const plain = runtimeOf(engine, program);
  const byDock = cgroupsByDock(engine, program);
  const { loginUid } = identityOfSlot(engine.dock, slot);
  const own = { loginUid, tasks: byDock ? cgroupTasks(engine, name) : [] };
  const inside = (runtime: OciRuntime) => asIsc(runtime, `${engine.libexec}/as-isc`, own);
  const { live } = engine.layout;
  if (program === "crun") return { joining: inside(plain), starting: plain, cgroupsByDock: byDock };
  if (program === "runc")
    return { joining: inside(fromNetwork(plain, live.networkNamespace(name))), starting: plain, cgroupsByDock: false };
  const joining = inside(inNetwork(plain, `${engine.libexec}/runsc-in-network`, live.networkNamespace(name), live.proc(name)));
  return { joining, starting: joining, cgroupsByDock: false };
}

/** What a runtime needs before it creates an ISC's container: on v1 its cgroups, with the limits in force. Safe to repeat. */
export async function prepareRuntime(engine: Engine, name: Name, runtime: ContainerRuntime, limits: Limits): Promise<void> {
  if (runtime.cgroupsByDock) await ensureCgroups(engine, name, limits);
  if (runtime.starting.name === "runsc") await engine.host.files.makeDirectory(engine.layout.live.proc(name));
}

/** Starts the monitor of an ISC, which waits for its bundle. Throws CommandFailure. */
export function startMonitor(engine: Engine, name: Name, runtime: ContainerRuntime): WaitingConmon {
  const { host, layout } = engine;
  const conmon = startConmon(host, {
    id: layout.parts(name),
    runtime: runtime.joining,
    bundle: layout.live.bundle(name),
    logFile: layout.isc.log(name),
    logSizeLimitBytes,
    pidFile: layout.live.pidFile(name),
    exitDirectory: layout.live.exitDirectory(name),
    socketDirectory: layout.live.directory(name),
  });
  host.files.writeNow(layout.live.conmonPidFile(name), String(conmon.pid));
  return conmon;
}

/** Creates and starts the container of a bundle that is written. Throws Problem START_FAILED with the runtime's own words. */
export async function startProcess(engine: Engine, name: Name, runtime: OciRuntime, monitor: WaitingConmon): Promise<LiveProcess> {
  const { host } = engine;
  const answer = await monitor.create();
  if (answer.kind === "refused") throw new Problem("START_FAILED", `cannot start ${name}: ${runtime.name} create: ${answer.message}`);
  const startTicks = readStartTicks(engine, answer.pid);
  if (startTicks === undefined) throw new Problem("START_FAILED", `cannot start ${name}: its process 1 ended before it was started`);
  if (runtime.name === "runc" && !isInNetwork(engine, name, answer.pid))
    throw new Problem("START_FAILED", `cannot start ${name}: its process 1 is not in its own network`);
  const live: LiveProcess = { pid: answer.pid, startTicks, conmonPid: monitor.pid, runtime: runtime.name, startedAtMs: host.now() };
  host.files.writeNow(processFile(engine, name), JSON.stringify(live));
  await startContainer(host, runtime, engine.layout.parts(name));
  return live;
}

/** Under runc no bundle says so, and nothing may ever run in the host's network. */
function isInNetwork(engine: Engine, name: Name, pid: number): boolean {
  const pin = engine.host.files.findNow(engine.layout.live.networkNamespace(name));
  return pin !== undefined && engine.host.files.findLinkNow(`/proc/${pid}/ns/net`) === `net:[${pin.inode}]`;
}

/** The process 1 of an ISC, while it lives. Costs two small reads of memory-backed files. */
export function findProcess(engine: Engine, name: Name): LiveProcess | undefined {
  const text = engine.host.files.findTextNow(processFile(engine, name));
  if (text === undefined) return undefined;
  const live = parseLiveProcess(text);
  return live && readStartTicks(engine, live.pid) === live.startTicks ? live : undefined;
}

/** How the last process 1 ended, while its remains are still there. */
export function findExitCode(engine: Engine, name: Name): number | undefined {
  const text = engine.host.files.findTextNow(`${engine.layout.live.exitDirectory(name)}/${engine.layout.parts(name)}`);
  return text === undefined || text === "" ? undefined : Number(text);
}

export interface StopRequest {
  readonly signal: string;
  /** 0 kills at once. */
  readonly timeoutMs: number;
}

export function stopRequestOf(service: Pick<Service, "stopSignal" | "stopTimeoutMs">, timeoutMs?: number): StopRequest {
  return { signal: service.stopSignal, timeoutMs: timeoutMs ?? service.stopTimeoutMs };
}

/** Asks process 1 to end, waits, then kills; the kernel ends every other process of its pid namespace with it. Safe to repeat. */
export async function stopProcess(engine: Engine, name: Name, request: StopRequest): Promise<void> {
  await endFrozen(engine, name);
  const live = findProcess(engine, name);
  if (live) await endProcess(engine, live.pid, request);
}

async function endProcess(engine: Engine, pid: number, request: StopRequest): Promise<void> {
  const { pidfd } = engine.host.kernel;
  const descriptor = openIfAlive(engine, pid);
  if (descriptor === undefined) return;
  try {
    const signal = request.timeoutMs === 0 ? "SIGKILL" : (request.signal as NodeJS.Signals);
    pidfd.sendSignal(descriptor, signal);
    if (await hasEndedWithin(engine, descriptor, request.timeoutMs === 0 ? killTimeoutMs : request.timeoutMs)) return;
    pidfd.sendSignal(descriptor, "SIGKILL");
    await hasEndedWithin(engine, descriptor, killTimeoutMs);
  } catch (error) {
    if (!hasErrorCode(error, "ESRCH")) throw error;
  } finally {
    engine.host.kernel.pidfd.closePidfd(descriptor);
  }
}

/** Takes the container's remains away: runtime state, cgroups, process file. Safe to repeat and on what never was whole. */
export async function removeProcess(engine: Engine, name: Name): Promise<void> {
  for (const program of ["crun", "runc", "runsc"] as const)
    await deleteContainer(engine.host, runtimeOf(engine, program), engine.layout.parts(name));
  await removeCgroupsOf(engine, name);
  await engine.host.files.remove(processFile(engine, name));
}

function processFile(engine: Engine, name: Name): string {
  return `${engine.layout.live.directory(name)}/process.json`;
}

/** Our own file below ISC_RUN; one that does not parse counts as none. */
function parseLiveProcess(text: string): LiveProcess | undefined {
  try {
    return JSON.parse(text) as LiveProcess;
  } catch {
    return undefined;
  }
}

/** Field 22 of /proc/PID/stat: start time in clock ticks since boot; proc(5). A zombie counts as ended. */
function readStartTicks(engine: Engine, pid: number): number | undefined {
  const text = engine.host.files.findTextNow(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : Number(fields[19]);
}

function openIfAlive(engine: Engine, pid: number): number | undefined {
  try {
    return engine.host.kernel.pidfd.openPidfd(pid);
  } catch (error) {
    if (hasErrorCode(error, "ESRCH")) return undefined;
    throw error;
  }
}

async function hasEndedWithin(engine: Engine, descriptor: number, timeoutMs: number): Promise<boolean> {
  const deadline = engine.host.monotonic() + timeoutMs;
  while (!engine.host.kernel.pidfd.hasExited(descriptor)) {
    if (engine.host.monotonic() >= deadline) return false;
    await engine.host.sleep(stopPollMs);
  }
  return true;
}
