/** What each operation answers, as types: the dock makes them, the CLI draws them. Field names are stable, they are what --json prints. */
import type { Assessment } from "../model/assessment.ts";
import type { Capability } from "../model/capability.ts";
import type { Digest } from "../model/digest.ts";
import type { Finding } from "../model/finding.ts";
import type { ImageSummary, Manifest } from "../model/image.ts";
import type { CheckedIncident, IncidentSummary } from "../model/incident.ts";
import type { ExposureWindow, IscRecord, IscSummary } from "../model/isc.ts";
import type { LedgerReport } from "../model/ledger.ts";
import type { Name } from "../model/name.ts";
import type { Exposure } from "../model/network.ts";
import type { Pruned } from "../model/pruned.ts";
import type { Rehearsal } from "../model/respond.ts";
import type { SnapshotRecord } from "../model/snapshot.ts";
import type { NetworkProbe, StackStep, StackView } from "../model/stack-view.ts";

export interface BuildAnswer {
  readonly digest: Digest;
  readonly name: Name;
  readonly sizeBytes: number;
  readonly fileCount: number;
  readonly packageCount: number;
  readonly tookMs: number;
  /** The store already held an image of this digest. */
  readonly unchanged: boolean;
}

export interface ImageShowAnswer {
  readonly summary: ImageSummary;
  readonly manifest: Manifest;
  /** Fingerprints (SHA-256 of the DER public key, hexadecimal) of the keys that signed it, trusted or not. */
  readonly signatures: readonly { readonly keyId: string; readonly trusted: boolean }[];
}

export interface ImageVerifyAnswer {
  readonly digest: Digest;
  readonly keyId: string;
  readonly sizeBytes: number;
  readonly tookMs: number;
}

export interface ShowAnswer {
  readonly summary: IscSummary;
  readonly record: IscRecord;
  readonly manifest: Manifest;
  /** How long this instance has been there, and those before it. Absent while nothing runs and nothing was replaced. */
  readonly exposure?: ExposureWindow;
  readonly memoryBytes?: number;
  readonly processCount?: number;
  readonly cpuMs?: number;
}

/** One entry per name asked for, in that order. */
export interface ChangeAnswer {
  readonly iscs: readonly { readonly name: Name; readonly status: string; readonly tookMs: number; readonly address?: string }[];
}

/** One entry per name asked for, in that order. */
export interface CleanseAnswer {
  readonly iscs: readonly {
    readonly name: Name;
    readonly status: "cleansed";
    readonly tookMs: number;
    readonly address: string;
    /** How long the replaced instance had been there. */
    readonly reachableMs: number;
    /** How long nobody answered; 0 but for volumes that two instances cannot share. */
    readonly gapMs: number;
  }[];
}

export interface UpdateAnswer {
  readonly name: Name;
  /** `checked`: nothing was changed, the answer says what would be. `unchanged`: it has this image already. */
  readonly status: "updated" | "unchanged" | "checked";
  readonly from: Digest;
  /** Absent where the archive's index alone was asked. */
  readonly to?: Digest;
  /** Packages whose version differs; without `from` a new one, without `to` one that is gone. */
  readonly packages: readonly { readonly name: string; readonly from?: string; readonly to?: string }[];
  /** Keeps the way back. */
  readonly snapshot?: Name;
  readonly running: boolean;
  readonly tookMs: number;
  /** How long nobody answered; 0 but for volumes that two instances cannot share. */
  readonly gapMs: number;
}

/** `data` lines of exec and logs. */
export interface OutputChunk {
  readonly stream: "stdout" | "stderr";
  /** base64 */
  readonly bytes: string;
}

export interface ExecAnswer {
  readonly exitCode: number;
}

export interface ExposeAnswer {
  readonly name: Name;
  readonly exposures: readonly Exposure[];
}

export interface VerifyAnswer {
  readonly findings: readonly Finding[];
  readonly tookMs: number;
}

export interface SnapshotsAnswer {
  readonly snapshots: readonly SnapshotRecord[];
  /** One sentence for each record that cannot be read. */
  readonly damaged: readonly string[];
}

export interface DockStatusAnswer {
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly root: string;
  readonly run: string;
  readonly network: string;
  readonly network6: string;
  /** Host uids that its ISCs share out, 65,536 to each. */
  readonly uids: { readonly first: number; readonly count: number };
  readonly tag: string;
  readonly iscs: { readonly running: number; readonly total: number };
  readonly capabilities: readonly Capability[];
  /** For each contract row, the mechanism it rests on, on this host. */
  readonly rests: readonly { readonly row: string; readonly on: string }[];
}

export interface ImagesAnswer {
  readonly images: readonly ImageSummary[];
}

/** Answer of image-remove, image-export and image-import: the image that was meant. */
export interface ImageAnswer {
  readonly digest: Digest;
  readonly name: Name;
  readonly sizeBytes: number;
}

export interface ListAnswer {
  readonly iscs: readonly IscSummary[];
}

export interface LedgerVerifyAnswer extends LedgerReport {
  readonly tookMs: number;
}

export interface PolicyTestAnswer extends Rehearsal {
  readonly isc: Name;
  /** Events that were held against the policy. */
  readonly events: number;
}

export interface IncidentsAnswer {
  readonly incidents: readonly IncidentSummary[];
}

export type IncidentShowAnswer = CheckedIncident;

export interface IncidentExportAnswer {
  readonly id: string;
  readonly file: string;
  readonly sizeBytes: number;
}

export interface StackChangeAnswer {
  readonly stack: Name;
  readonly status: "up" | "down" | "removed";
  readonly steps: readonly StackStep[];
  readonly tookMs: number;
}

export interface StackDiffAnswer {
  readonly stack: Name;
  readonly steps: readonly StackStep[];
}

export interface StacksAnswer {
  readonly stacks: readonly StackView[];
}

/** Every pair of ends that was tried, on every network, with every protocol. */
export interface NetworkTestAnswer {
  readonly stack: Name;
  readonly probes: readonly NetworkProbe[];
  readonly tookMs: number;
}

/** Nothing but "done". */
export type DoneAnswer = Readonly<Record<never, never>>;

/** The answer of every operation, by its name in operations.ts. */
export interface Answers {
  readonly build: BuildAnswer;
  readonly images: ImagesAnswer;
  readonly "image-show": ImageShowAnswer;
  readonly "image-verify": ImageVerifyAnswer;
  readonly "image-remove": ImageAnswer;
  readonly "image-prune": Pruned;
  readonly "image-export": ImageAnswer;
  readonly "image-import": ImageAnswer;
  readonly create: ChangeAnswer;
  readonly start: ChangeAnswer;
  readonly stop: ChangeAnswer;
  readonly restart: ChangeAnswer;
  readonly list: ListAnswer;
  readonly show: ShowAnswer;
  readonly logs: DoneAnswer;
  readonly exec: ExecAnswer;
  readonly expose: ExposeAnswer;
  readonly unexpose: ExposeAnswer;
  readonly clone: ChangeAnswer;
  readonly snapshot: SnapshotRecord;
  readonly snapshots: SnapshotsAnswer;
  readonly "snapshot-remove": SnapshotRecord;
  readonly rollback: ChangeAnswer;
  readonly reset: ChangeAnswer;
  readonly quarantine: ChangeAnswer;
  readonly release: ChangeAnswer;
  readonly cleanse: CleanseAnswer;
  readonly update: UpdateAnswer;
  readonly verify: VerifyAnswer;
  readonly assess: Assessment;
  readonly destroy: ChangeAnswer;
  readonly "policy-test": PolicyTestAnswer;
  readonly "stack-up": StackChangeAnswer;
  readonly "stack-down": StackChangeAnswer;
  readonly "stack-diff": StackDiffAnswer;
  readonly stacks: StacksAnswer;
  readonly "network-test": NetworkTestAnswer;
  readonly incidents: IncidentsAnswer;
  readonly "incident-show": IncidentShowAnswer;
  readonly "incident-export": IncidentExportAnswer;
  /** Its `data` lines are events (model/event.ts). */
  readonly events: DoneAnswer;
  readonly "ledger-verify": LedgerVerifyAnswer;
  readonly "dock-status": DockStatusAnswer;
  readonly "dock-stop": DoneAnswer;
}
