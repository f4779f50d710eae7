/** What the kernel's firewall tells: packets that rules log to user space, and changes of its tables. Both are read in one thread. */
import type { PacketHeaders } from "./kernel/nflog-packet.ts";
import type { NftChange } from "./kernel/nft-wire.ts";
import { type ListenerCallbacks, startListenerThread } from "./listener-thread.ts";

export interface NetfilterOptions {
  readonly log?: PacketLog | undefined;
  /** The table of which every change is told in detail; of others only that they have changed. */
  readonly table?: string | undefined;
}

export interface PacketLog {
  /** As the rules say: `log group N`. */
  readonly group: number;
  /** How much of each packet. */
  readonly copyBytes: number;
}

export type NetfilterMessage =
  | ({ readonly kind: "refused" } & RefusedBatch)
  | {
      readonly kind: "committed";
      readonly transactions: readonly TableTransaction[];
      /** The kernel had no room for more: there were others. */
      readonly lost: boolean;
    };

/** Packets that differ in nothing but their source port, or the identifier of their icmp echo. */
export interface RefusedPackets {
  readonly prefix: string;
  /** Names of the host's links, where they still have one. */
  readonly inLink?: string;
  readonly outLink?: string;
  /** Of the first. */
  readonly headers?: PacketHeaders;
  readonly count: number;
  /** Source port or identifier of each, as far as they have one and there are not too many. */
  readonly senders: readonly number[];
}

export interface RefusedBatch {
  readonly packets: readonly RefusedPackets[];
  /** Packets of further kinds than a batch may hold. */
  readonly beyond: number;
  /** How often the kernel had no room for more. */
  readonly lost: number;
}

/** Everything that was changed in one go. */
export interface TableTransaction {
  /** Counted up by the kernel; later ones are greater. */
  readonly generation: number;
  /** Who committed it: the thread's number as the host counts them, and its name. */
  readonly pid: number;
  readonly program: string;
  /** Wall clock, milliseconds since the epoch. */
  readonly heardAtMs: number;
  readonly changes: readonly NftChange[];
}

/** Throws Error when it cannot be read: another program has the log group, or the kernel has no such messages. */
export function startNetfilter(options: NetfilterOptions, callbacks: ListenerCallbacks<NetfilterMessage>): Promise<AsyncDisposable> {
  return startListenerThread(new URL("./netfilter-worker.ts", import.meta.url), options, callbacks);
}
