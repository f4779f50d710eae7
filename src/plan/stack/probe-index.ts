/** Questions to the ends of a test, answered without a search for each of many thousand probes. Pure. */
import type { Name } from "../../model/name.ts";
import type { Family, InterfaceEnd, IscEnd, ProbeEnds, ProbePacket, ServiceEnd } from "./probe-model.ts";

/** What is tried at an address. */
export type ProbePort = { readonly kind: "tcp" | "udp"; readonly port: number } | { readonly kind: "echo" };

/** Ports for what nobody named: of no service, and below those that kernels choose for themselves. */
const firstUnnamed = 1_021;

export class ProbeIndex {
  readonly ends: ProbeEnds;
  readonly #allowed: ReadonlySet<string>;
  readonly #byMember: ReadonlyMap<Name, readonly IscEnd[]>;
  readonly #ports = new Map<Name, readonly ProbePort[]>();
  readonly #unnamed: readonly ProbePort[];

  constructor(ends: ProbeEnds) {
    this.ends = ends;
    this.#allowed = new Set(ends.flows.map((flow) => flowKey(flow.from, flow.network, flow.member, flow.protocol, flow.port)));
    this.#byMember = Map.groupBy(ends.iscs, ({ member }) => member);
    const named = new Set([...ends.flows, ...ends.exposures, ...ends.listens, ...ends.destinations].map(({ port }) => port));
    let port = firstUnnamed;
    while (named.has(port)) port -= 1;
    this.#unnamed = [{ kind: "tcp", port }, { kind: "udp", port }, { kind: "echo" }];
  }

  /** Every port of the member that anything names, and what nobody named. */
  portsOf(member: Name): readonly ProbePort[] {
    const known = this.#ports.get(member);
    if (known) return known;
    const { flows, exposures, listens } = this.ends;
    const named = new Map(
      [...flows, ...exposures, ...listens]
        .filter((one) => one.member === member)
        .map(({ port, protocol }): [string, ProbePort] => [`${protocol} ${port}`, { kind: protocol, port }]),
    );
    const ports = [...named.values(), ...this.#unnamed];
    this.#ports.set(member, ports);
    return ports;
  }

  get unnamed(): readonly ProbePort[] {
    return this.#unnamed;
  }

  iscsOf(member: Name): readonly IscEnd[] {
    return this.#byMember.get(member) ?? [];
  }

  /** Whether a flow leads from this end to this service. */
  allows(from: string, service: ServiceEnd, port: ProbePort): boolean {
    return port.kind !== "echo" && this.#allowed.has(flowKey(from, service.network, service.member, port.kind, port.port));
  }
}

function flowKey(from: string, network: Name, member: Name, protocol: string, port: number): string {
  return `${from} ${network} ${member} ${protocol} ${port}`;
}

/** The interface that is on the network; the first one of an ISC that is not. */
export function interfaceTowards(isc: IscEnd, network: Name): InterfaceEnd {
  const found = isc.interfaces.find((one) => one.network === network) ?? isc.interfaces[0];
  if (!found) throw new TypeError(`${isc.name} has no interface`);
  return found;
}

interface Addresses {
  readonly address?: string | undefined;
  readonly address6?: string | undefined;
}

/** Both ends' addresses, of each kind of IP that both have. */
export function pairsOf(
  from: Addresses,
  to: Addresses,
): readonly { readonly family: Family; readonly source: string; readonly destination: string }[] {
  const pairs = [
    { family: 4, source: from.address, destination: to.address },
    { family: 6, source: from.address6, destination: to.address6 },
  ] as const;
  return pairs.flatMap(({ family, source, destination }) =>
    source !== undefined && destination !== undefined ? [{ family, source, destination }] : [],
  );
}

export function packetOf(port: ProbePort, { source, destination }: { source: string; destination: string }): ProbePacket {
  return { ...port, source, destination };
}

export function whatOf(port: ProbePort): string {
  return port.kind === "echo" ? "icmp echo" : `${port.kind} ${port.port}`;
}
