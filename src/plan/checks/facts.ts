/** Everything that the contract's checks look at, gathered from the running thing in one go. Data only: the checks are pure. */

import type { AuditLevel } from "../../model/dock-config.ts";
import type { SlotIdentity } from "../../model/identity.ts";
import type { Manifest } from "../../model/image.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { LedgerAuditReport } from "../../model/ledger.ts";
import type { IdRange } from "./proc/id-map.ts";
import type { Mapping } from "./proc/memory-map.ts";
import type { ThreadStatus } from "./proc/process-status.ts";

/** What was seen, or why it could not be looked at. */
export type Seen<T> = { readonly seen: T } | { readonly unseen: string };

export const namespaceKinds = ["pid", "mnt", "ipc", "uts", "net", "cgroup", "user"] as const;
export type NamespaceKind = (typeof namespaceKinds)[number];
/** As the links of /proc/PID/ns say, such as "mnt:[4026532418]". */
export type Namespaces = Readonly<Record<NamespaceKind, string>>;

/** One line of a mount table, see proc_pid_mountinfo(5). `device` is "major:minor". */
export interface MountFacts {
  readonly id: number;
  readonly parentId: number;
  readonly mountPoint: string;
  readonly device: string;
  /** The directory of the file system which is the root of this mount. */
  readonly root: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
  readonly superOptions: readonly string[];
}

export interface ProcessFacts {
  readonly pid: number;
  /** Its own name for itself, cleaned of what is not printable. */
  readonly name: string;
  readonly startTicks: number;
  /** Its audit login id; undefined where the kernel keeps none. */
  readonly loginUid: number | undefined;
  /** The first is the process itself; rights are each thread's own. */
  readonly threads: readonly ThreadStatus[];
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
  readonly namespaces: Namespaces;
  /** Where /proc/PID/exe leads. */
  readonly executable: string;
  /** Executable memory, and what is writable and executable. */
  readonly code: readonly Mapping[];
  /** There is more code than can be looked at for pages that were written over. */
  readonly codeUnseen?: string;
  /** Path of its cgroup by controller; "" is the v2 hierarchy. */
  readonly cgroups: ReadonlyMap<string, string>;
}

/** A process that is not the ISC's but sits in one of its namespaces or uses its uids. */
export interface StrayProcess {
  readonly pid: number;
  readonly name: string;
  readonly sharedNamespaces: readonly NamespaceKind[];
  /** A host uid within the ISC's range; undefined when it uses none. */
  readonly uid: number | undefined;
}

/** What the kernel's limits for the ISC's cgroup are. Undefined: no limit set. */
export interface LimitFacts {
  /** The controller's mount point and path, for people. */
  readonly directory: string;
  /** Processes of the ISC that are not in that cgroup, nor below it. */
  readonly outside: readonly ProcessFacts[];
  readonly value: number | undefined;
  /** The files' own words, such as "memory.max 268435456". */
  readonly words: string;
}

export interface PlaceFacts {
  readonly path: string;
  readonly on: "scratch" | "overlay" | "volume";
  /** The uppermost mount of process 1 on it. */
  readonly mount: MountFacts | undefined;
  /** The volume that belongs here, as `sourceOf` its mount in the dock; only of places on volumes. */
  readonly volumeSource: string | undefined;
  /** fscrypt key identifier of the directory as the ISC sees it; undefined when it has none. */
  readonly keyIdentifier: string | undefined;
}

export interface SpaceFacts {
  readonly what: string;
  readonly limitBytes: number | undefined;
  readonly declaredBytes: number;
}

export interface ScratchFacts {
  /** Device of the mounted scratch, "major:minor"; undefined when the dock has none mounted. */
  readonly device: string | undefined;
  /** By what it is encrypted as a whole: the UUID of its dm-crypt mapping. */
  readonly cryptUuid: string | undefined;
  readonly places: readonly PlaceFacts[];
  readonly space: Seen<readonly SpaceFacts[]>;
}

export interface SealFacts {
  /** Of the dock's mount of the image file; undefined when it is mounted nowhere. */
  readonly imageMount: MountFacts | undefined;
  /** The store's file that should be mounted. */
  readonly file: string;
  /** The file which the image mount serves, as the kernel says. */
  readonly mountedFile: string | undefined;
  /** Where the ISC's root was taken from, in the dock's own mount namespace: all that shows of a gVisor sandbox's root. */
  readonly rootMount: MountFacts | undefined;
}

export interface LinkFacts {
  readonly name: string;
  readonly index: number;
  readonly peerIndex: number | undefined;
  readonly up: boolean;
}

/** The host's end of one of an ISC's links. */
export interface HostEndFacts {
  readonly name: string;
  /** Undefined where no link has that name. */
  readonly link: LinkFacts | undefined;
  readonly reversePathFilter: string | undefined;
}

export interface NetworkFacts {
  /** One for each of its interfaces, in their order. */
  readonly hostEnds: readonly HostEndFacts[];
  readonly insideLinks: readonly LinkFacts[];
  /** "ADDRESS/LENGTH" of every link inside but loopback. */
  readonly insideAddresses: readonly string[];
}

export interface ElementFacts {
  readonly set: string;
  readonly text: string;
}

/** The rules of one chain or the declaration of one set, counter or table: as listed now, and as they should be. */
export interface RulePart {
  readonly part: string;
  readonly change: "missing" | "changed" | "extra";
}

export interface FirewallFacts {
  readonly table: string;
  /** Parts of the table that differ from what the dock loads. */
  readonly parts: readonly RulePart[];
  /** Elements of this ISC that should be in the kernel and are not. */
  readonly missing: readonly ElementFacts[];
  /** Elements in the kernel about this ISC, or about no known one, that nobody declared. */
  readonly extra: readonly ElementFacts[];
  readonly wantedCount: number;
  /** Rules of foreign tables that send packets to this ISC, one phrase each. */
  readonly foreign: readonly string[];
  /** What it may, and who says so. */
  readonly declared: DeclaredTraffic;
}

export interface DeclaredTraffic {
  /** "network.connect", or "stack shop". */
  readonly by: string;
  readonly connections: number;
  /** "8080 to 80/tcp" */
  readonly exposures: readonly string[];
}

export interface SeccompFacts {
  /** Whether the filter in the bundle is the one that would be rendered now. */
  readonly profile: Seen<"same" | "other">;
}

/** How the kernel's audit stands to the dock. */
export interface AuditFacts {
  readonly level: AuditLevel;
  /** Of the dock's rules. */
  readonly key: string;
  readonly enabled: boolean;
  readonly rules: number;
  /** Of those how many are not in the kernel, and how many under the key are not the dock's. */
  readonly missing: number;
  readonly extra: number;
  /** The sensor reads what is recorded; or why it does not. */
  readonly heard: true | string;
}

export interface LiveFacts {
  readonly runtime: string;
  readonly pid: number;
  /** Process 1 first. */
  readonly processes: readonly [ProcessFacts, ...ProcessFacts[]];
  readonly strays: readonly StrayProcess[];
  /** Of process 1. */
  readonly mounts: readonly MountFacts[];
  readonly seal: SealFacts;
  readonly network: Seen<NetworkFacts>;
  readonly firewall: Seen<FirewallFacts>;
  readonly limits: Readonly<Record<"memory" | "cpu" | "pids", Seen<LimitFacts>>>;
  readonly scratch: Seen<ScratchFacts>;
  readonly seccomp: SeccompFacts;
  /** true where the exec gate is asked before each execution, else why it is not. */
  readonly execGate: true | string;
  /** /etc/machine-id as the ISC sees it. */
  readonly machineIdInside: string | undefined;
  /** Masked and read-only paths of the OCI configuration that exist in this kernel. */
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly hostNamespaces: readonly { readonly whose: string; readonly namespaces: Namespaces }[];
}

export interface ImageFileSummary {
  /** Paths of regular files, by which a mapping is found again. */
  readonly files: ReadonlySet<string>;
  readonly setId: readonly string[];
  readonly worldWritable: readonly string[];
  readonly packageManagers: readonly string[];
  readonly odd: readonly string[];
}

export interface ImageFacts {
  readonly manifest: Seen<Manifest>;
  /** The key that signed it, or why the signature does not hold. */
  readonly signature: { readonly keyId: string } | { readonly broken: string };
  /** The digest of the image file as it is now, and how that is known. */
  readonly measured: Seen<{ readonly digest: string; readonly how: string }>;
  readonly files: Seen<ImageFileSummary> | { readonly broken: string };
}

/** How one ISC shows itself beside the others. */
export interface IdentityFacts {
  readonly name: string;
  readonly slot: number;
  readonly machineId: string;
  readonly keyIdentifiers: readonly string[];
  readonly namespaces: Namespaces | undefined;
}

export interface HostIdentityFacts {
  readonly machineId: string | undefined;
  /** Addresses of the host's own links. */
  readonly addresses: readonly string[];
  /** Ranges that /etc/subuid, /etc/subgid and /etc/passwd give to others. */
  readonly claims: readonly { readonly who: string; readonly first: number; readonly count: number }[];
}

export interface IscFacts {
  readonly record: IscRecord;
  readonly identity: SlotIdentity;
  readonly image: ImageFacts;
  readonly live: Seen<LiveFacts>;
  readonly others: readonly IdentityFacts[];
  readonly own: IdentityFacts;
  readonly host: HostIdentityFacts;
  readonly ledger: Seen<LedgerAuditReport>;
  readonly audit: Seen<AuditFacts>;
  /** Where the ISC's cgroup is below each hierarchy. */
  readonly cgroupPath: string;
}
