/** One ISC: what the dock wants of it (kept in isc.json) and what it sees of it. */
import { z } from "zod";
import { Digest } from "./digest.ts";
import { type DockIdentity, identityOfSlot, type SlotIdentity } from "./identity.ts";
import { Beside, Windows } from "./instance.ts";
import { Name } from "./name.ts";
import { Exposure, type Protocol } from "./network.ts";
import { Membership, NetworkRange } from "./stack.ts";

/** What should be. `destroyed` is a tombstone: remove everything, then this record. */
const Desired = z.enum(["running", "stopped", "destroyed"]);

export const RuntimeName = z.enum(["crun", "runc", "runsc"]);
export type RuntimeName = z.infer<typeof RuntimeName>;

const Quarantine = z.strictObject({
  sinceMs: z.number().int(),
  reason: z.string(),
  /** What was kept of it then. */
  incident: z.string().optional(),
});

/** isc.json: everything about an ISC that outlives a restart of the dock. */
export const IscRecord = z.strictObject({
  version: z.literal(1),
  name: Name,
  image: Digest,
  /** Index of its identity in the dock: address, uid range and interface name follow from it (see identity.ts). From 1. */
  slot: z.number().int().min(1).max(4_094),
  /** 32 hexadecimal digits, given to the ISC as /etc/machine-id. */
  machineId: z.string().regex(/^[0-9a-f]{32}$/),
  desired: Desired,
  exposures: z.array(Exposure).readonly(),
  createdAtMs: z.number().int(),
  /** Counts starts and resets; a new one has new scratch and new processes. */
  generation: z.number().int().min(0),
  clonedFrom: z.string().optional(),
  /** Which of its instances has the name; 0 when absent. */
  instance: z.number().int().min(0).optional(),
  /** Which part of which stack it is; absent for one by itself. */
  stack: Membership.optional(),
  /** Of that stack, as they were when its instance was made. */
  networks: z.array(NetworkRange).readonly().optional(),
  /** Instances that are there without the name. */
  beside: z.array(Beside).readonly().optional(),
  windows: Windows.optional(),
  /** Network cut, processes frozen, everything kept, until it is released, reset, rolled back or destroyed. */
  quarantine: Quarantine.optional(),
  /** Set while a destroy has been asked to overwrite the volumes. */
  shred: z.boolean().optional(),
});
export type IscRecord = z.infer<typeof IscRecord>;

/** All its instances: the one that has the name, then those beside. */
export function instancesOf({
  slot,
  image,
  networks,
  beside = [],
}: Pick<IscRecord, "slot" | "image" | "networks" | "beside">): readonly Instance[] {
  return [{ slot, image, networks }, ...beside];
}

export type Instance = Pick<IscRecord, "slot" | "image" | "networks">;

/** Addresses, links and host uids of one instance. */
export function identityOf(dock: DockIdentity, { slot, networks }: Pick<IscRecord, "slot" | "networks">): SlotIdentity {
  return identityOfSlot(dock, slot, networks);
}

/** @param name of the ISC, or of one of its instances */
export function slotOfInstance({ slot, beside = [] }: IscRecord, name: Name): number {
  const number = name.split(".")[1];
  return beside.find(({ instance }) => String(instance) === number)?.slot ?? slot;
}

export type IscStatus = "running" | "stopped" | "failed" | "starting" | "quarantined";

/** What `ls` shows. */
export interface IscSummary {
  readonly name: Name;
  readonly status: IscStatus;
  readonly image: Digest;
  readonly imageName: Name;
  readonly address: string;
  readonly address6: string;
  readonly exposures: readonly { readonly hostPort: number; readonly port: number; readonly protocol: Protocol }[];
  /** Milliseconds since the epoch, of the running process 1. */
  readonly startedAtMs?: number;
  readonly pid?: number;
  readonly exitCode?: number;
  /** Absent where no check is declared, or none has been made yet. */
  readonly health?: { readonly well: boolean; readonly failures: number; readonly fault?: string; readonly checkedAtMs: number };
  /** What it is short of now: memory, cpu, io, processes, scratch. */
  readonly pressures?: readonly string[];
  readonly quarantine?: IscRecord["quarantine"];
  readonly containment: string;
  readonly writes: string;
}

export interface ExposureWindow {
  /** Milliseconds since the instance that serves was started. */
  readonly currentMs?: number;
  readonly lastMs?: number;
  readonly longestMs?: number;
  /** Instances that were replaced. */
  readonly replaced: number;
  /** Instances that still finish open connections. */
  readonly draining: number;
}
