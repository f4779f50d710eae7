/** What the firewall knows of single ISCs: elements of sets and maps. A change is the difference of two lists, and one small transaction. */
import { type DockIdentity, type SlotIdentity, tableName } from "../model/identity.ts";
import type { Exposure, ListenPort, Protocol } from "../model/network.ts";
import { isAddress, isWithin, type Prefix, parsePrefix, renderPrefix } from "./nft-ruleset-prefix.ts";

/** An outbound permission after every name has been resolved; `isc:` connections count once for each of the target's addresses. */
export interface ResolvedConnection {
  /** IPv4 or IPv6 address or prefix. */
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
}

export interface IscTraffic {
  readonly identity: Pick<SlotIdentity, "address" | "address6" | "link">;
  readonly listen: readonly ListenPort[];
  readonly exposures: readonly Exposure[];
  readonly connections: readonly ResolvedConnection[];
  readonly quarantined?: boolean;
}

/** One element: `key` and `value` are parts of a concatenation, in nft's spelling without quotes. */
export interface NftElement {
  readonly set: string;
  readonly key: readonly string[];
  readonly value?: readonly string[];
}

/** Every element that one ISC needs, each once, in a fixed order. */
export function listNftElements({ identity: given, listen, exposures, connections, quarantined }: IscTraffic): readonly NftElement[] {
  const identity = canonicalize(given);
  const ports = [...listen, ...exposures].map(({ protocol, port }) => `${protocol} ${port}`);
  const ends = [
    { suffix: 4, own: identity.address },
    { suffix: 6, own: identity.address6 },
  ] as const;
  return [
    ...ends.map(({ suffix, own }) => ({ set: `sources${suffix}`, key: [identity.link, own] })),
    ...(quarantined ? [{ set: "quarantined", key: [identity.link] }] : []),
    ...ends.flatMap(({ suffix, own }) => [...new Set(ports)].map((port) => ({ set: `listen${suffix}`, key: [own, ...port.split(" ")] }))),
    ...ends.flatMap(({ suffix, own }) => exposures.flatMap((exposure) => listExposure(exposure, suffix, own))),
    ...listConnections(identity, connections),
  ];
}

function listExposure({ hostPort, port, protocol, address }: Exposure, suffix: 4 | 6, own: string): readonly NftElement[] {
  const value = [own, String(port)];
  if (address === undefined) return [{ set: `expose${suffix}`, key: [protocol, String(hostPort)], value }];
  const at = parsePrefix(address);
  if (at?.family !== suffix) return [];
  // 0.0.0.0 and :: are, as everywhere, all addresses of their family.
  if (at.base === 0n) return [{ set: `expose${suffix}`, key: [protocol, String(hostPort)], value }];
  return [{ set: `expose_at${suffix}`, key: [renderPrefix(at), protocol, String(hostPort)], value }];
}

function listConnections(identity: IscTraffic["identity"], connections: readonly ResolvedConnection[]): readonly NftElement[] {
  const targets = connections.flatMap(({ address, port, protocol }) => {
    const prefix = parsePrefix(address);
    return prefix ? [{ prefix, port: `${protocol} ${port}` }] : [];
  });
  const seen = new Set<string>();
  return targets
    .filter(({ prefix, port }) => isFirst(seen, `${renderPrefix(prefix)} ${port}`) && !isCovered(prefix, port, targets))
    .map(({ prefix, port }) => ({
      set: `${isAddress(prefix) ? "connect" : "ranges"}${prefix.family}`,
      key: [prefix.family === 4 ? identity.address : identity.address6, renderPrefix(prefix), ...port.split(" ")],
    }));
}

function isFirst(seen: Set<string>, key: string): boolean {
  return seen.size < seen.add(key).size;
}

/** The kernel refuses an interval within another one of the same set. Single addresses lie in a set of their own. */
function isCovered(prefix: Prefix, port: string, targets: readonly { readonly prefix: Prefix; readonly port: string }[]): boolean {
  if (isAddress(prefix)) return false;
  return targets.some((other) => other.port === port && other.prefix.length < prefix.length && isWithin(prefix, other.prefix));
}

/** Whether an element of the table is about this ISC. */
export function isElementOf(identity: IscTraffic["identity"], { key, value }: NftElement): boolean {
  const { address, address6, link } = canonicalize(identity);
  const subject = value?.[0] ?? key[0];
  return subject === address || subject === address6 || subject === link;
}

/** The spelling which a listing of the kernel's elements has. */
function canonicalize(identity: IscTraffic["identity"]): IscTraffic["identity"] {
  const spell = (address: string) => {
    const prefix = parsePrefix(address);
    return prefix ? renderPrefix(prefix) : address;
  };
  return { link: identity.link, address: spell(identity.address), address6: spell(identity.address6) };
}

/**
 * The commands that lead from one list of elements to another; empty when both hold the same.
 * One transaction: nobody else's elements, and no open connection, are touched.
 */
export function renderNftElements(dock: DockIdentity, from: readonly NftElement[], to: readonly NftElement[]): string {
  const existing = new Set(from.map(identify));
  const wanted = new Set(to.map(identify));
  const lines = [
    ...renderCommands(
      "delete",
      tableName(dock),
      from.filter((element) => !wanted.has(identify(element))),
    ),
    ...renderCommands(
      "add",
      tableName(dock),
      to.filter((element) => !existing.has(identify(element))),
    ),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function identify({ set, key, value }: NftElement): string {
  return [set, ...key, "=", ...(value ?? [])].join(" ");
}

function renderCommands(verb: "add" | "delete", table: string, elements: readonly NftElement[]): readonly string[] {
  const sets = [...new Set(elements.map(({ set }) => set))];
  return sets.map((set) => {
    const texts = elements.filter((element) => element.set === set).map((element) => renderElement(element, verb));
    return `${verb} element inet ${table} ${set} { ${texts.join(", ")} }`;
  });
}

function renderElement({ set, key, value }: NftElement, verb: "add" | "delete"): string {
  const isLinkFirst = set.startsWith("sources") || set === "quarantined";
  const text = key.map((part, index) => (isLinkFirst && index === 0 ? `"${part}"` : part)).join(" . ");
  return value && verb === "add" ? `${text} : ${value.join(" . ")}` : text;
}
