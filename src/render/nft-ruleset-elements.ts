/** What the firewall knows of single ISCs: elements of sets and maps. A change is the difference of two lists, and one small transaction. */
import { isAddress, isWithin, type Prefix, parsePrefix, renderPrefix } from "../base/ip-prefix.ts";
import { type DockIdentity, type InterfaceIdentity, tableName } from "../model/identity.ts";
import type { Exposure, ListenPort, Protocol } from "../model/network.ts";
import type { TrafficLimits } from "../model/stack.ts";
import { spreadBuckets } from "./nft-ruleset-balance.ts";
import { renderStatement, type SetStatement } from "./nft-ruleset-statement.ts";

/** An outbound permission after every name has been resolved; `isc:` connections count once for each of the target's addresses. */
export interface ResolvedConnection {
  /** IPv4 or IPv6 address or prefix. */
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** The interface that it leaves by; the way out when absent. */
  readonly network?: string | undefined;
  /** A number of its own among those of this ISC, and what may pass of it; for single addresses only. */
  readonly flow?: { readonly number: number; readonly limits: TrafficLimits } | undefined;
}

export type TrafficInterface = Pick<InterfaceIdentity, "network" | "link" | "mac" | "address" | "address6" | "isWayOut">;

export interface IscTraffic {
  readonly interfaces: readonly TrafficInterface[];
  readonly listen: readonly ListenPort[];
  /** Of these, what the host itself may connect to; all when absent. */
  readonly hosted?: readonly ListenPort[] | undefined;
  readonly exposures: readonly Exposure[];
  readonly connections: readonly ResolvedConnection[];
  readonly quarantined?: boolean;
  readonly limits?: TrafficLimits | undefined;
  /** It may be led to itself by a service address. */
  readonly hairpin?: boolean;
}

/** One element: `key` and `value` are parts of a concatenation, in nft's spelling without quotes. */
export interface NftElement {
  readonly set: string;
  readonly key: readonly string[];
  readonly value?: readonly string[];
  /** What the element counts by itself. */
  readonly statement?: SetStatement;
}

/** Every element that one ISC needs, each once, in a fixed order. */
export function listNftElements(traffic: IscTraffic): readonly NftElement[] {
  const { exposures, quarantined, listen, hosted } = traffic;
  const interfaces = traffic.interfaces.map(canonicalize);
  const ends = interfaces.flatMap(endsOf);
  const ports = namePorts([...listen, ...exposures]);
  return [
    ...ends.map(({ suffix, link, mac, own }) => ({ set: `sources${suffix}`, key: [link, mac, own] })),
    ...(traffic.hairpin ? ends.map(({ suffix, link, own }) => ({ set: `hairpin${suffix}`, key: [link, own] })) : []),
    ...(quarantined ? interfaces.map(({ link }) => ({ set: "quarantined", key: [link] })) : []),
    ...ends.flatMap(({ suffix, own }) => ports.map((port) => ({ set: `listen${suffix}`, key: [own, ...port] }))),
    ...ends.flatMap(({ suffix, own }) =>
      namePorts(hosted ?? [...listen, ...exposures]).map((port) => ({ set: `hosted${suffix}`, key: [own, ...port] })),
    ),
    ...endsOf(interfaces[0]).flatMap(({ suffix, own }) => exposures.flatMap((exposure) => listExposure(exposure, suffix, [own]))),
    ...listConnections(interfaces, traffic.connections),
    ...listLimits(interfaces, traffic),
  ];
}

interface End {
  readonly suffix: 4 | 6;
  readonly link: string;
  readonly mac: string;
  readonly own: string;
}

function endsOf(one: TrafficInterface | undefined): readonly End[] {
  if (!one) return [];
  const { link, mac, address, address6 } = one;
  return [
    { suffix: 4, link, mac, own: address },
    { suffix: 6, link, mac, own: address6 },
  ];
}

function namePorts(ports: readonly ListenPort[]): readonly (readonly [string, string])[] {
  const names = new Set(ports.map(({ protocol, port }) => `${protocol} ${port}`));
  return [...names].map((name) => [name.slice(0, 3), name.slice(4)] as const);
}

/**
 * A host port that leads to one instance, or is spread over several.
 * @param owns addresses of one family; none where nobody serves
 */
export function listExposure(
  { hostPort, port, protocol, address }: Exposure,
  suffix: 4 | 6,
  owns: readonly string[],
): readonly NftElement[] {
  const at = address === undefined ? undefined : parsePrefix(address);
  if (at && at.family !== suffix) return [];
  // 0.0.0.0 and :: are, as everywhere, all addresses of their family.
  const isAnywhere = at === undefined || at.base === 0n;
  const key = [...(isAnywhere ? [] : [renderPrefix(at)]), protocol, String(hostPort)];
  return listTargets(
    { one: `${isAnywhere ? "expose" : "expose_at"}${suffix}`, several: `${isAnywhere ? "expose_balance" : "expose_at_balance"}${suffix}` },
    key,
    owns,
    port,
  );
}

/** Elements of the map for one target, or of the map that spreads over several. */
export function listTargets(
  maps: { readonly one: string; readonly several: string },
  key: readonly string[],
  owns: readonly string[],
  port: number,
): readonly NftElement[] {
  const [own] = owns;
  if (own === undefined) return [];
  if (owns.length === 1) return [{ set: maps.one, key, value: [own, String(port)] }];
  return spreadBuckets(owns).map((target, bucket) => ({ set: maps.several, key: [...key, String(bucket)], value: [target, String(port)] }));
}

interface Target {
  readonly prefix: Prefix;
  readonly port: string;
  readonly from: TrafficInterface;
  readonly flow: ResolvedConnection["flow"];
}

function listConnections(interfaces: readonly TrafficInterface[], connections: readonly ResolvedConnection[]): readonly NftElement[] {
  const targets = connections.flatMap(({ address, port, protocol, network, flow }): readonly Target[] => {
    const prefix = parsePrefix(address);
    const from = network === undefined ? interfaces.find(({ isWayOut }) => isWayOut) : interfaces.find((one) => one.network === network);
    return prefix && from ? [{ prefix, port: `${protocol} ${port}`, from, flow }] : [];
  });
  const seen = new Set<string>();
  return targets
    .filter((target) => isFirst(seen, `${target.from.link} ${renderPrefix(target.prefix)} ${target.port}`) && !isCovered(target, targets))
    .flatMap(({ prefix, port, from, flow }) => {
      const { family } = prefix;
      const key = [family === 4 ? from.address : from.address6, renderPrefix(prefix), ...port.split(" ")];
      const allowed = { set: `${isAddress(prefix) ? "connect" : "ranges"}${family}`, key };
      return flow && isAddress(prefix) ? [allowed, { set: `flow_of${family}`, key, value: [classOf(flow.number)] }] : [allowed];
    });
}

/** As nft writes a packet's priority: tc(8), "handles". */
export function classOf(flow: number): string {
  return `1:${flow.toString(16)}`;
}

function whenSet(value: number | undefined, make: (value: number) => NftElement): readonly NftElement[] {
  return value === undefined ? [] : [make(value)];
}

/** Limits of the ISC as a whole are those of each of its links; those of a flow, of the link that it leaves by. */
function listLimits(interfaces: readonly TrafficInterface[], { limits = {}, connections }: IscTraffic): readonly NftElement[] {
  return interfaces.flatMap(({ link, network, isWayOut }) => {
    const own = connections.filter((one) => (one.network === undefined ? isWayOut : one.network === network));
    const flows = new Map(own.flatMap(({ flow }) => (flow ? [[flow.number, flow.limits] as const] : [])));
    const all = [limits, ...flows.values()];
    const isPaced = all.some(({ packetsPerSecond, bitsPerSecond }) => packetsPerSecond !== undefined || bitsPerSecond !== undefined);
    const isLimited = all.some((one) => one.connections !== undefined || one.connectionsPerSecond !== undefined);
    return [
      ...(isPaced ? [{ set: "paced", key: [link] }] : []),
      ...(isLimited ? [{ set: "limited", key: [link] }] : []),
      ...["out", "in"].flatMap((direction) =>
        listCounting([link], limits, { packets: `packets_${direction}`, rate: `rate_${direction}`, open: `open_${direction}` }),
      ),
      ...[...flows].flatMap(([number, of]) =>
        listCounting([link, classOf(number)], of, { packets: "flow_packets", rate: "flow_rate", open: "flow_open" }),
      ),
    ];
  });
}

interface CountingSets {
  readonly packets: string;
  readonly rate: string;
  readonly open: string;
}

function listCounting(key: readonly string[], limits: TrafficLimits, sets: CountingSets): readonly NftElement[] {
  return [
    ...whenSet(limits.packetsPerSecond, (over) => ({ set: sets.packets, key, statement: { kind: "rate", over } })),
    ...whenSet(limits.connectionsPerSecond, (over) => ({ set: sets.rate, key, statement: { kind: "rate", over } })),
    ...whenSet(limits.connections, (over) => ({ set: sets.open, key, statement: { kind: "open", over } })),
  ];
}

function isFirst(seen: Set<string>, key: string): boolean {
  return seen.size < seen.add(key).size;
}

/** The kernel refuses an interval within another one of the same set. Single addresses lie in a set of their own. */
function isCovered({ prefix, port, from }: Target, targets: readonly Target[]): boolean {
  if (isAddress(prefix)) return false;
  return targets.some(
    (other) => other.from === from && other.port === port && other.prefix.length < prefix.length && isWithin(prefix, other.prefix),
  );
}

/** Address or link of the ISC that an element is about. */
export function subjectOf({ set, key, value }: NftElement): string {
  // The number of a flow is nobody.
  const target = set.startsWith("flow_of") ? undefined : value?.[0];
  return target ?? key[0] ?? "";
}

/** Those elements of the table that are about one ISC. */
export function elementsAbout(interfaces: readonly TrafficInterface[], elements: readonly NftElement[]): readonly NftElement[] {
  const own = new Set(interfaces.map(canonicalize).flatMap(({ address, address6, link }) => [address, address6, link]));
  return elements.filter((element) => own.has(subjectOf(element)));
}

/** The spelling which a listing of the kernel's elements has. */
function canonicalize(one: TrafficInterface): TrafficInterface {
  const spell = (address: string) => {
    const prefix = parsePrefix(address);
    return prefix ? renderPrefix(prefix) : address;
  };
  return { ...one, address: spell(one.address), address6: spell(one.address6) };
}

/**
 * The commands that lead from one list of elements to another; empty when both hold the same.
 * One transaction: nobody else's elements, and no open connection, are touched.
 */
export function renderNftElements(dock: DockIdentity, from: readonly NftElement[], to: readonly NftElement[]): string {
  const existing = new Set(from.map(identifyElement));
  const wanted = new Set(to.map(identifyElement));
  const lines = [
    ...renderCommands(
      "delete",
      tableName(dock),
      from.filter((element) => !wanted.has(identifyElement(element))),
    ),
    ...renderCommands(
      "add",
      tableName(dock),
      to.filter((element) => !existing.has(identifyElement(element))),
    ),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Equal for equal elements only. */
export function identifyElement({ set, key, value, statement }: NftElement): string {
  return [set, ...key, "=", ...(value ?? []), ...(statement ? [renderStatement(statement)] : [])].join(" ");
}

function renderCommands(verb: "add" | "delete", table: string, elements: readonly NftElement[]): readonly string[] {
  const sets = [...new Set(elements.map(({ set }) => set))];
  return sets.map((set) => {
    const texts = elements.filter((element) => element.set === set).map((element) => renderElement(element, verb));
    return `${verb} element inet ${table} ${set} { ${texts.join(", ")} }`;
  });
}

/** Sets whose keys begin with the name of a link. */
const keyedByLink = /^(?:sources|hairpin|quarantined|paced|limited|packets_|rate_|open_|flow_(?:packets|rate|open))/;

function renderElement({ set, key, value, statement }: NftElement, verb: "add" | "delete"): string {
  const text = key.map((part, index) => (index === 0 && keyedByLink.test(set) ? `"${part}"` : part)).join(" . ");
  if (verb === "delete") return text;
  return `${text}${statement ? ` ${renderStatement(statement)}` : ""}${value ? ` : ${value.join(" . ")}` : ""}`;
}
