/**
 * Bandwidth: one hierarchical token bucket for each end of an ISC's link, which shapes what leaves by that end; a class for each flow that
 * has a limit of its own. See tc(8), tc-htb(8), tc-u32(8).
 */
import type { Protocol } from "../model/network.ts";

/** A flow with a bandwidth of its own, in bits a second. */
export interface ShapedFlow {
  readonly bitsPerSecond: number;
  readonly port: number;
  readonly protocol: Protocol;
  /** Addresses or prefixes of its far end. */
  readonly addresses: readonly string[];
}

export interface Shaping {
  /** Of the whole end; no limit when absent. */
  readonly bitsPerSecond?: number | undefined;
  readonly flows: readonly ShapedFlow[];
}

/** Far above what any link does. */
const unlimited = 32_000_000_000;
/** What a class may always send: HTB promises it even where a parent's rate is used up, so that it must be little. */
const leastRate = 8_000;
/** Bytes that one class sends before it is the next one's turn. */
const quantum = 15_140;
/** Queued at most: what a twentieth of a second can carry, and never so little that a burst is lost. */
const queueSeconds = 0.05;
const burstSeconds = 0.005;
const leastBurstBytes = 16_384;
const packetBits = 1_500 * 8;
const leastQueue = 32;
const defaultClass = 2;
const firstFlowClass = 16;
const protocols: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17 };

/**
 * For a link that has no queues yet.
 * @param side of the far end in a packet that leaves here: "dst" at the ISC's own end, "src" at the host's
 */
export function renderShaping(link: string, side: "src" | "dst", { bitsPerSecond = unlimited, flows }: Shaping): readonly string[] {
  const share = Math.max(leastRate, Math.floor(bitsPerSecond / (flows.length + 1)));
  const leaf = (minor: number, ceil: number) => [
    `class add dev ${link} parent 15:1 classid 15:${minor.toString(16)} htb ${rates(Math.min(share, ceil), ceil)}`,
    `qdisc add dev ${link} parent 15:${minor.toString(16)} pfifo limit ${queueOf(ceil)}`,
  ];
  return [
    `qdisc add dev ${link} root handle 15: htb default ${defaultClass}`,
    `class add dev ${link} parent 15: classid 15:1 htb ${rates(bitsPerSecond, bitsPerSecond)}`,
    ...leaf(defaultClass, bitsPerSecond),
    ...flows.flatMap((flow, index) => {
      const minor = firstFlowClass + index;
      return [
        ...leaf(minor, Math.min(flow.bitsPerSecond, bitsPerSecond)),
        ...flow.addresses.map((address) => renderFilter(link, side, { flow, address, minor })),
      ];
    }),
  ];
}

export function renderNoShaping(link: string): string {
  return `qdisc del dev ${link} root`;
}

/** Bursts are said, since tc computes none for high rates: what passes in some milliseconds, and always a few packets. */
function rates(rate: number, ceil: number): string {
  const burst = (bits: number) => Math.max(leastBurstBytes, Math.ceil((bits * burstSeconds) / 8));
  return `rate ${rate}bit burst ${burst(rate)} ceil ${ceil}bit cburst ${burst(ceil)} quantum ${quantum}`;
}

function queueOf(bits: number): number {
  return Math.max(leastQueue, Math.ceil((bits * queueSeconds) / packetBits));
}

interface Filter {
  readonly flow: ShapedFlow;
  readonly address: string;
  readonly minor: number;
}

function renderFilter(link: string, side: "src" | "dst", { flow, address, minor }: Filter): string {
  const six = address.includes(":");
  const ip = six ? "ip6" : "ip";
  const prefix = address.includes("/") ? address : `${address}/${six ? 128 : 32}`;
  const port = `match ${ip} ${side === "dst" ? "dport" : "sport"} ${flow.port} 0xffff`;
  const match = `match ${ip} ${side} ${prefix} match ${ip} protocol ${protocols[flow.protocol]} 0xff ${port}`;
  // Filters of one priority are of one protocol.
  return `filter add dev ${link} parent 15: protocol ${six ? "ipv6 prio 2" : "ip prio 1"} u32 ${match} flowid 15:${minor.toString(16)}`;
}
