/** Everything about a running ISC, in as few and as cheap reads as possible: all of it from the kernel, none of it from what the dock remembers. */
import type { Manifest } from "../../model/image.ts";
import { type IscRecord, identityOf } from "../../model/isc.ts";
import {
  type LiveFacts,
  type MountFacts,
  namespaceKinds,
  type ProcessFacts,
  type SealFacts,
  type Seen,
  type StrayProcess,
} from "../../plan/checks/facts.ts";
import { parseParent, parseThreadStatus } from "../../plan/checks/proc/process-status.ts";
import { maskedPaths, readonlyPaths } from "../../render/oci-config.ts";
import type { Engine } from "../engine.ts";
import { cgroupPath } from "../parts/cgroup.ts";
import { findProcess, type LiveProcess } from "../parts/process.ts";
import { listMembers, readLimit } from "./cgroup-facts.ts";
import { readFirewall } from "./firewall-facts.ts";
import type { HostView } from "./host-view.ts";
import { look, lookLong, orUndefined } from "./look.ts";
import { findMountOn, readMounts } from "./mount-facts.ts";
import { readNetwork } from "./network-facts.ts";
import { readNamespaces, readProcess } from "./process-facts.ts";
import { readScratch } from "./scratch-facts.ts";

export interface LiveQuestion {
  readonly record: IscRecord;
  readonly manifest: Seen<Manifest>;
  readonly view: HostView;
}

export async function readLive(engine: Engine, question: LiveQuestion): Promise<Seen<LiveFacts>> {
  const process = orUndefined(() => findProcess(engine, question.record.name));
  if (!process) return { unseen: "not running" };
  if ("unseen" in question.manifest) return { unseen: `what was promised is not known: ${question.manifest.unseen}` };
  const processes = readProcesses(engine, question, process);
  const mounts = look(() => readMounts(engine.host, process.pid));
  if (!processes || "unseen" in mounts) return { unseen: "not running: its process 1 ended while it was looked at" };
  return { seen: await joinFacts(engine, { ...question, manifest: question.manifest.seen, process, processes, mounts: mounts.seen }) };
}

interface Gathered {
  readonly record: IscRecord;
  readonly manifest: Manifest;
  readonly view: HostView;
  readonly process: LiveProcess;
  readonly processes: LiveFacts["processes"];
  readonly mounts: readonly MountFacts[];
}

async function joinFacts(engine: Engine, gathered: Gathered): Promise<LiveFacts> {
  const { record, manifest, view, process, processes, mounts } = gathered;
  const { host, hierarchies } = engine;
  const { pid, runtime } = process;
  const identity = identityOf(engine.dock, record);
  const limitQuestion = { hierarchies, cgroupPath: cgroupPath(engine, record.name), processes };
  const isSandbox = runtime === "runsc";
  return {
    runtime,
    pid,
    processes,
    strays: listStrays(engine, gathered),
    mounts,
    seal: readSeal(engine, record, view),
    network: look(() => readNetwork(engine, identity, pid)),
    firewall: "unseen" in view.firewall ? view.firewall : lookFirewall(engine, view.firewall.seen, gathered),
    limits: {
      memory: readLimit(host, "memory", limitQuestion),
      cpu: readLimit(host, "cpu", limitQuestion),
      pids: readLimit(host, "pids", limitQuestion),
    },
    scratch: await lookLong(() => readScratch(engine, { name: record.name, pid, manifest, dockMounts: view.mounts, mounts, isSandbox })),
    seccomp: { profile: await lookLong(() => compareSeccomp(engine, record, manifest, runtime)) },
    execGate: engine.execGate.holds(engine.layout.parts(record.name)),
    machineIdInside: readMachineId(engine, pid),
    maskedPaths: maskedPaths.filter((path) => exists(engine, path)),
    readonlyPaths: readonlyPaths.filter((path) => exists(engine, path)),
    hostNamespaces: view.namespaces,
  };
}

function lookFirewall(engine: Engine, view: Parameters<typeof readFirewall>[1], { record, manifest }: Gathered): LiveFacts["firewall"] {
  return look(() => readFirewall(engine, view, record, manifest.posture.network));
}

/** Process 1, whatever is in its cgroup, and whatever is in its pid namespace though not in its cgroup. */
function readProcesses(engine: Engine, { record, view }: LiveQuestion, process: LiveProcess): LiveFacts["processes"] | undefined {
  const { host, hierarchies } = engine;
  const first = readProcess(host, process.pid);
  if (!first) return undefined;
  const members = listMembers(host, hierarchies, cgroupPath(engine, record.name));
  // gVisor's sandbox stays in the host's pid namespace; its guests are no processes of the host.
  const inside =
    process.runtime === "runsc"
      ? []
      : view.processes.filter(({ namespaces }) => namespaces.pid === first.namespaces.pid).map(({ pid }) => pid);
  const others = [...new Set([...members, ...inside])]
    .filter((pid) => pid !== process.pid && !isHelper(host, view, pid))
    .sort((one, other) => one - other);
  return [first, ...others.map((pid) => readProcess(host, pid)).filter((facts): facts is ProcessFacts => facts !== undefined)];
}

function listStrays(engine: Engine, { record, view, processes }: Gathered): readonly StrayProcess[] {
  const { uidBase, uidCount } = identityOf(engine.dock, record);
  const own = new Set(processes.map(({ pid }) => pid));
  const { namespaces } = processes[0];
  return view.processes.flatMap((other): readonly StrayProcess[] => {
    if (own.has(other.pid)) return [];
    const sharedNamespaces = namespaceKinds.filter((kind) => other.namespaces[kind] === namespaces[kind]);
    const uid = other.uid >= uidBase && other.uid < uidBase + uidCount ? other.uid : undefined;
    // Asked last: it costs a read, and nearly every process of the host has been let go by now.
    if ((sharedNamespaces.length === 0 && uid === undefined) || isHelper(engine.host, view, other.pid)) return [];
    const text = orUndefined(() => engine.host.files.findTextNow(`/proc/${other.pid}/status`));
    const status = text === undefined ? undefined : parseThreadStatus(text);
    return !status || status.ended ? [] : [{ pid: other.pid, name: status.name, sharedNamespaces, uid }];
  });
}

/**
 * The runtime that brought a command inside (exec, a health check) waits for its end outside, though in the ISC's cgroup or network: a child
 * of the dock, numbered beside it. Nothing from inside is both: what an ISC leaves to the dock stays in its own pid namespace.
 */
function isHelper(host: Engine["host"], view: HostView, pid: number): boolean {
  const stat = orUndefined(() => host.files.findTextNow(`/proc/${pid}/stat`));
  if (stat === undefined || String(parseParent(stat)) !== host.files.findLinkNow("/proc/self")) return false;
  const dock = view.namespaces.find(({ whose }) => whose === "the dock")?.namespaces.pid;
  return dock !== undefined && readNamespaces(host, pid).pid === dock;
}

function readSeal({ host, layout }: Engine, record: IscRecord, { mounts }: HostView): SealFacts {
  const imageMount = findMountOn(mounts, layout.image.mount(record.image));
  const loop = /^\/dev\/(loop\d+)$/.exec(imageMount?.source ?? "")?.[1];
  const backing = loop && orUndefined(() => host.files.findTextNow(`/sys/block/${loop}/loop/backing_file`))?.replace(/\n$/, "");
  return {
    imageMount,
    file: layout.image.erofs(record.image),
    mountedFile: loop === undefined ? imageMount?.source : backing,
    rootMount: findMountOn(mounts, layout.live.rootMount(record.name)),
  };
}

async function compareSeccomp(engine: Engine, { name }: IscRecord, manifest: Manifest, runtime: string): Promise<"same" | "other"> {
  const config: unknown = JSON.parse(await engine.host.files.readText(`${engine.layout.live.bundle(name)}/config.json`));
  const wanted = JSON.stringify(await engine.seccomp.render(manifest, runtime));
  return wanted === JSON.stringify(seccompOf(config)) ? "same" : "other";
}

function seccompOf(config: unknown): unknown {
  if (typeof config !== "object" || config === null || !("linux" in config)) return undefined;
  const { linux } = config;
  return typeof linux === "object" && linux !== null && "seccomp" in linux ? linux.seccomp : undefined;
}

/** Only of a plain file: reading what an ISC put there could keep the dock waiting. */
function readMachineId({ host }: Engine, pid: number): string | undefined {
  const file = `/proc/${pid}/root/etc/machine-id`;
  if (orUndefined(() => host.files.findNow(file))?.kind !== "file") return undefined;
  return orUndefined(() => host.files.findTextNow(file))?.trim();
}

function exists({ host }: Engine, path: string): boolean {
  return orUndefined(() => host.files.findNow(path)) !== undefined;
}
