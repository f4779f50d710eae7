/** Packets that the firewall logs to user space (nfnetlink_log), read in a thread of their own. */
import type { PacketHeaders } from "./kernel/nflog-packet.ts";
import { type ListenerCallbacks, startListenerThread } from "./listener-thread.ts";

export interface NflogOptions {
  /** As the rules say: `log group N`. */
  readonly group: number;
  /** How much of each packet. */
  readonly copyBytes: number;
}

/** Packets that differ in nothing but their source port. */
export interface RefusedPackets {
  readonly prefix: string;
  /** Names of the host's links, where they still have one. */
  readonly inLink?: string;
  readonly outLink?: string;
  /** Of the first. */
  readonly headers?: PacketHeaders;
  readonly count: number;
}

export interface NflogBatch {
  readonly packets: readonly RefusedPackets[];
  /** Packets of further kinds than a batch may hold. */
  readonly beyond: number;
  /** How often the kernel had no room for more. */
  readonly lost: number;
}

/** Throws Error when the group cannot be read: another program has it, or the kernel has no nfnetlink_log. */
export function startNflog(options: NflogOptions, callbacks: ListenerCallbacks<NflogBatch>): Promise<AsyncDisposable> {
  return startListenerThread(new URL("./nflog-worker.ts", import.meta.url), options, callbacks);
}
