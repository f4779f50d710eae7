/** What every engine function is given: the machine, the places, this dock's identity and what it keeps in memory. */
import type { KeyedLock } from "../base/keyed-lock.ts";
import type { Host } from "../host/host.ts";
import type { Event, EventSink, Sensor } from "../model/event.ts";
import type { DockIdentity } from "../model/identity.ts";
import type { Layout } from "../model/layout.ts";
import type { LedgerAuditReport } from "../model/ledger.ts";
import type { Name } from "../model/name.ts";
import type { ProbeBook } from "../plan/watch/probe-book.ts";
import type { IncidentStore } from "../store/incidents/incident-store.ts";
import type { IscStore } from "../store/isc-store.ts";
import type { StackStore } from "../store/stack-store.ts";
import type { CgroupHierarchy } from "./cgroup-hierarchies.ts";
import type { Images } from "./images.ts";
import type { Firewall } from "./parts/firewall.ts";
import type { NameBook } from "./parts/name-book.ts";
import type { ScratchEncryption } from "./scratch-encryption.ts";
import type { ScratchTemplates } from "./scratch-templates.ts";
import type { SeccompProfiles } from "./seccomp-profiles.ts";
import type { Secrets } from "./stack/secrets.ts";
import type { StackNamesPart, StackTrafficPart } from "./stack/stack-parts.ts";
import type { VerifyMemory } from "./verify/verify-memory.ts";
import type { AuditState } from "./watch/audit-state.ts";
import type { Conditions } from "./watch/conditions.ts";
import type { ExecGateState } from "./watch/exec-gate-state.ts";
import type { Watchers } from "./watch/watcher.ts";

/** What of the ledger the engine asks for. */
export interface LedgerView {
  /** Reads what is new, and what somebody else than the dock has touched. */
  check(): Promise<LedgerAuditReport>;
  /** The last events of one ISC, oldest first. */
  recent(query: { readonly isc: Name; readonly sensor?: Sensor; readonly tail: number }): Promise<readonly Event[]>;
  readonly head: { readonly seq: number };
}

export interface Engine {
  readonly host: Host;
  readonly layout: Layout;
  readonly dock: DockIdentity;
  readonly iscs: IscStore;
  readonly images: Images;
  readonly firewall: Firewall;
  readonly names: NameBook;
  readonly stacks: StackStore;
  /** Which instances of each stack serve, and the firewall's elements for it. */
  readonly stackTraffic: StackTrafficPart;
  readonly stackNames: StackNamesPart;
  readonly secrets: Secrets;
  readonly scratchTemplates: ScratchTemplates;
  /** dm-crypt where the host has it: it hides more. */
  readonly scratchEncryption: ScratchEncryption;
  readonly seccomp: SeccompProfiles;
  readonly verifyMemory: VerifyMemory;
  /** Where everything that happens is told: the ledger. */
  readonly events: EventSink;
  readonly ledger: LedgerView;
  readonly incidents: IncidentStore;
  /** The sensors that follow the life of each ISC. */
  readonly watchers: Watchers;
  /** The dock's rules in the kernel's audit, and what is known of them. */
  readonly audit: AuditState;
  /** Who runs what: see watch/exec-gate.ts. */
  readonly execGate: ExecGateState;
  /** Packets that a test of networks has sent, so that the firewall's sensor takes them for no attack. */
  readonly probeBook: ProbeBook;
  /** What the sensors know of each running ISC now. */
  readonly conditions: Conditions;
  /** One change at a time for each ISC, by its name; "*" for changes that choose slots or ports. */
  readonly locks: KeyedLock;
  /** The cgroup hierarchies of this host. */
  readonly hierarchies: readonly CgroupHierarchy[];
  /** Absolute path of the project's libexec folder. */
  readonly libexec: string;
  /** The kernel counts swap, and so can limit it. */
  readonly swapAccounting: boolean;
  /** Most open files the dock itself may have. */
  readonly openFilesCeiling: number;
  /** The OCI runtime for `containment: container`. */
  readonly runtime: "crun" | "runc";
}
