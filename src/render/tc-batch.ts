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
    ...flows.flatMap((flow, index) => leaf(firstFlowClass + index, Math.min(flow.bitsPerSecond, bitsPerSecond))),
    ...renderFilters(link, side, flows),
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

/** tc-u32(8): a packet that is whole, or the first fragment of one. */
const isFirst = "match u16 0 0x1fff at 6";
/** Of IPv6: a fragment. */
const fragmentHeader = 44;

/**
 * Only the first fragment of a packet has ports, and none of IPv6 has them where they are looked for: fragments count for the slowest flow
 * that they may be of, so that nobody gets around a limit by large datagrams. Filters of one priority are of one protocol.
 */
function renderFilters(link: string, side: "src" | "dst", flows: readonly ShapedFlow[]): readonly string[] {
  const all = flows.flatMap((flow, index) => flow.addresses.map((address): Filter => ({ flow, address, minor: firstFlowClass + index })));
  const [four, six] = [all.filter(({ address }) => !address.includes(":")), all.filter(({ address }) => address.includes(":"))];
  const add = (kind: string, match: string, minor: number) =>
    `filter add dev ${link} parent 15: protocol ${kind} u32 ${match} flowid 15:${minor.toString(16)}`;
  const port = ({ flow }: Filter, ip: string) => `match ${ip} ${side === "dst" ? "dport" : "sport"} ${flow.port} 0xffff`;
  const end4 = ({ flow, address }: Filter) =>
    `match ip ${side} ${prefixOf(address, 32)} match ip protocol ${protocols[flow.protocol]} 0xff`;
  const end6 = ({ address }: Filter, protocol: number) => `match ip6 ${side} ${prefixOf(address, 128)} match ip6 protocol ${protocol} 0xff`;
  return [
    ...four.map((one) => add("ip prio 1", `${end4(one)} ${port(one, "ip")} ${isFirst}`, one.minor)),
    ...six.map((one) => add("ipv6 prio 2", `${end6(one, protocols[one.flow.protocol])} ${port(one, "ip6")}`, one.minor)),
    ...(four.length > 0 ? [add("ip prio 3", isFirst, defaultClass)] : []),
    ...slowestOf(four, ({ flow, address }) => `${address} ${flow.protocol}`).map((one) => add("ip prio 4", end4(one), one.minor)),
    ...slowestOf(six, ({ address }) => address).map((one) => add("ipv6 prio 5", end6(one, fragmentHeader), one.minor)),
  ];
}

/** Of those with the same key the slowest; the slowest of all come first, where prefixes overlap. */
function slowestOf(filters: readonly Filter[], keyOf: (filter: Filter) => string): readonly Filter[] {
  const sorted = filters.toSorted((one, other) => one.flow.bitsPerSecond - other.flow.bitsPerSecond);
  return [...Map.groupBy(sorted, keyOf).values()].flatMap(([slowest]) => slowest ?? []);
}

function prefixOf(address: string, length: number): string {
  return address.includes("/") ? address : `${address}/${length}`;
}
