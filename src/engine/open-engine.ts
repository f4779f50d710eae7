/** Joins the engine's parts for one dock, and prepares the host: cgroup view, forwarding, directories. */
import { KeyedLock } from "../base/keyed-lock.ts";
import { Problem } from "../base/problem.ts";
import type { Host } from "../host/host.ts";
import type { AuditLevel } from "../model/dock-config.ts";
import type { EventSink } from "../model/event.ts";
import type { DockIdentity } from "../model/identity.ts";
import type { IncidentLimits } from "../model/incident.ts";
import { serviceOf } from "../model/instance.ts";
import { type Layout, layoutOf, liveMode } from "../model/layout.ts";
import type { Name } from "../model/name.ts";
import { ProbeBook } from "../plan/watch/probe-book.ts";
import { IncidentStore } from "../store/incidents/incident-store.ts";
import { IscStore } from "../store/isc-store.ts";
import { StackStore } from "../store/stack-store.ts";
import { runtimePrograms } from "../tools/oci-runtime.ts";
import { probing } from "./capabilities-probe.ts";
import { probeDmCrypt } from "./capabilities-programs.ts";
import { type CgroupHierarchy, listHierarchies } from "./cgroup-hierarchies.ts";
import type { Engine, LedgerView } from "./engine.ts";
import { Images } from "./images.ts";
import { Firewall } from "./parts/firewall.ts";
import { NameBook } from "./parts/name-book.ts";
import type { ScratchEncryption } from "./scratch-encryption.ts";
import { ScratchTemplates } from "./scratch-templates.ts";
import { SeccompProfiles } from "./seccomp-profiles.ts";
import { StackNames } from "./stack/names.ts";
import { Secrets } from "./stack/secrets.ts";
import { StackTraffic } from "./stack/stack-traffic.ts";
import { VerifyMemory } from "./verify/verify-memory.ts";
import { AuditState } from "./watch/audit-state.ts";
import { Conditions } from "./watch/conditions.ts";
import { ExecGateState } from "./watch/exec-gate-state.ts";
import { Watchers } from "./watch/watcher.ts";

export interface EngineOptions {
  readonly host: Host;
  readonly layout: Layout;
  readonly identity: DockIdentity;
  /** Absolute path of the project's profiles folder. */
  readonly profiles: string;
  /** Absolute path of the project's libexec folder. */
  readonly libexec: string;
  readonly runtime?: "crun" | "runc" | undefined;
  readonly events: EventSink;
  readonly ledger: LedgerView;
  readonly incidents: IncidentLimits;
  readonly audit: AuditLevel;
  readonly onWatcherError: (watcher: string, error: unknown) => void;
}

export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { host, identity } = options;
  const instanceOf = (name: Name): number => iscs.find(name)?.instance ?? 0;
  const layout = layoutOf(options.layout, instanceOf);
  const iscs = new IscStore(host.files, options.layout);
  const stacks = new StackStore(host.files, options.layout);
  for (const directory of [layout.run, layout.lives]) {
    await host.files.makeDirectory(directory, liveMode);
    await host.files.chmod(directory, liveMode);
  }
  for (const directory of [
    layout.temporary,
    layout.keys,
    layout.trustedKeys,
    layout.images,
    layout.iscs,
    layout.stacks,
    layout.layers,
    layout.runtimeState,
  ]) {
    await host.files.makeDirectory(directory);
  }
  hideUnifiedHierarchy(host);
  enableForwarding(host);
  const hierarchies = listHierarchies(host);
  const stackTraffic = new StackTraffic(() => engine);
  const engine: Engine = {
    host,
    layout,
    dock: identity,
    iscs,
    images: new Images(host, layout),
    firewall: new Firewall(host.kernel.nftables, identity),
    names: new NameBook(host),
    stacks,
    stackTraffic,
    stackNames: new StackNames(() => engine),
    secrets: new Secrets(host.kernel.keyring, identity),
    scratchTemplates: new ScratchTemplates({ host, layout }),
    scratchEncryption: await chooseScratchEncryption(host, layout),
    seccomp: new SeccompProfiles(host.files, options.profiles),
    verifyMemory: new VerifyMemory(),
    events: withServiceNames(options.events),
    ledger: options.ledger,
    incidents: new IncidentStore(layout, options.incidents),
    watchers: new Watchers(layout.parts, options.onWatcherError),
    conditions: new Conditions(),
    probeBook: new ProbeBook(),
    execGate: new ExecGateState(),
    audit: new AuditState(host, identity, options.audit),
    locks: new KeyedLock(),
    hierarchies,
    libexec: options.libexec,
    swapAccounting: countsSwap(host, hierarchies),
    openFilesCeiling: readOpenFilesCeiling(host),
    runtime: options.runtime ?? (await chooseRuntime(host)),
  };
  engine.watchers.add(stackTraffic);
  engine.conditions.onVerdict((name) => {
    const record = engine.iscs.find(name);
    if (record) engine.stackTraffic.refreshOf(record);
  });
  return engine;
}

/** Sensors know instances; whoever reads events knows ISCs. */
function withServiceNames(events: EventSink): EventSink {
  return { emit: (draft) => events.emit(draft.isc === undefined ? draft : { ...draft, isc: serviceOf(draft.isc) }) };
}

/** crun starts faster; runc works wherever crun does not. Throws Problem HOST_INCAPABLE. */
async function chooseRuntime(host: Host): Promise<"crun" | "runc"> {
  for (const name of ["crun", "runc"] as const) if (await host.files.find(runtimePrograms[name])) return name;
  throw new Problem("HOST_INCAPABLE", "cannot run ISCs: neither crun nor runc is installed", { hint: "apt-get install crun" });
}

/**
 * On a hybrid host (v1 controllers beside an empty v2 tree) crun refuses to start; without the v2 tree it sees plain v1.
 * Only the dock's own mount namespace is changed.
 */
function hideUnifiedHierarchy(host: Host): void {
  const hierarchies = listHierarchies(host);
  if (!hierarchies.some(({ version }) => version === 1)) return;
  for (const { version, mountPoint } of hierarchies)
    if (version === 2) host.kernel.mounts.unmount(mountPoint, host.kernel.mounts.MNT_DETACH);
}

/**
 * Packets for ISCs are routed by the host. IPv6 forwarding makes a host stop listening to router advertisements, which could cost it
 * its own address: interfaces that listen now are told to go on (accept_ra 2; Documentation/networking/ip-sysctl.rst).
 */
function enableForwarding(host: Host): void {
  const { files } = host;
  files.writeNow("/proc/sys/net/ipv4/ip_forward", "1");
  const all = "/proc/sys/net/ipv6/conf/all/forwarding";
  if (files.findTextNow(all)?.trim() !== "0") return;
  for (const name of files.listNow("/proc/sys/net/ipv6/conf")) {
    const accept = `/proc/sys/net/ipv6/conf/${name}/accept_ra`;
    if (files.findTextNow(accept)?.trim() === "1") files.writeNow(accept, "2");
  }
  files.writeNow(all, "1");
}

/** /proc/self/limits, second column: the soft limit. */
function readOpenFilesCeiling(host: Host): number {
  return Number(/^Max open files\s+(\d+)/m.exec(host.files.findTextNow("/proc/self/limits") ?? "")?.[1] ?? 1_024);
}

/** v1 has a file of its own for it; v2 counts swap whenever the kernel can swap at all. */
function countsSwap(host: Host, hierarchies: readonly CgroupHierarchy[]): boolean {
  const memory = hierarchies.find(({ controllers }) => controllers.includes("memory"));
  return host.files.findNow(memory ? `${memory.mountPoint}/memory.memsw.limit_in_bytes` : "/proc/swaps") !== undefined;
}

async function chooseScratchEncryption(host: Host, layout: Layout): Promise<ScratchEncryption> {
  const [dmCrypt] = await probing(probeDmCrypt, { host, directory: layout.temporary });
  return dmCrypt?.present ? "dm-crypt" : "fscrypt";
}
