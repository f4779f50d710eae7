/** Probes that lie: about the sender's address or link address, about being a router, a DHCP server or somebody else. All are refused. Pure. */
import type { ProbeIndex } from "./probe-index.ts";
import { dockEnd, type InterfaceEnd, type IscEnd, outsideEnd, type Probe } from "./probe-model.ts";

export function planSpoofProbes(index: ProbeIndex): readonly Probe[] {
  return index.ends.iscs.flatMap((isc) =>
    isc.interfaces.flatMap((through) => [
      ...planForeignAddresses(index, isc, through),
      ...planForeignMac(index, isc, through),
      ...planNeighbourLies(index, isc, through),
      ...planServerLies(isc, through),
    ]),
  );
}

type Lie = Omit<Probe, "from" | "network" | "expected" | "through">;

function lie(isc: IscEnd, through: InterfaceEnd, rest: Lie): Probe {
  return { from: isc.name, network: through.network, expected: "refused", through, ...rest };
}

/** Under another ISC's address, the outside's and its own of another interface; to where that one might send, if possible. */
function planForeignAddresses(index: ProbeIndex, isc: IscEnd, through: InterfaceEnd): readonly Probe[] {
  const { outside } = index.ends;
  const another = index.ends.iscs.find(({ name }) => name !== isc.name)?.interfaces[0];
  const ownOther = isc.interfaces.find((one) => one !== through);
  const sources = [another, ownOther, outside]
    .flatMap((one) => (one ? [one.address, one.address6] : []))
    .filter((one) => one !== undefined);
  return sources.flatMap((source) => {
    const target = targetOf(index, isc, source);
    if (!target || (source.includes(":") && through.address6 === undefined)) return [];
    return [
      lie(isc, through, {
        to: target.to,
        family: source.includes(":") ? 6 : 4,
        what: `spoofed address (${source})`,
        packet: { kind: target.protocol, source, destination: target.destination, port: target.port },
        arrivals: [target.to],
        counted: countedAs(isc, through),
      }),
    ];
  });
}

/** Its own address with another ISC's link address; to where it may send, if it may anywhere. */
function planForeignMac(index: ProbeIndex, isc: IscEnd, through: InterfaceEnd): readonly Probe[] {
  const mac = index.ends.iscs.find(({ name }) => name !== isc.name)?.interfaces[0]?.mac;
  if (mac === undefined) return [];
  return [through.address, through.address6].flatMap((source) => {
    const target = source === undefined ? undefined : targetOf(index, isc, source);
    if (source === undefined || !target) return [];
    return [
      lie(isc, through, {
        to: target.to,
        family: source.includes(":") ? 6 : 4,
        what: "spoofed mac",
        mac,
        packet: { kind: target.protocol, source, destination: target.destination, port: target.port },
        arrivals: [target.to],
        counted: countedAs(isc, through),
      }),
    ];
  });
}

interface Target {
  readonly to: string;
  readonly destination: string;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

/** Where a packet under this address would have the best prospect of getting through: along a flow of whoever owns it, or else of the sender. */
function targetOf({ ends, unnamed }: ProbeIndex, isc: IscEnd, source: string): Target | undefined {
  const is6 = source.includes(":");
  const addressOf = (one: { address?: string | undefined; address6?: string | undefined }) => (is6 ? one.address6 : one.address);
  const owner = ends.iscs.find(({ interfaces }) => interfaces.some((one) => addressOf(one) === source));
  for (const from of [owner?.name, isc.name]) {
    const flow = ends.flows.find((one) => one.from === from);
    const service =
      flow &&
      ends.services.find(({ member, network, instances }) => member === flow.member && network === flow.network && instances.length > 0);
    const destination = service && addressOf(service);
    const to = service?.instances.find((name) => name !== isc.name);
    if (flow && to !== undefined && destination !== undefined) return { to, destination, protocol: flow.protocol, port: flow.port };
  }
  const destination = addressOf(ends.outside);
  const port = unnamed.find((one) => one.kind === "udp");
  return destination === undefined || port?.kind !== "udp" ? undefined : { to: outsideEnd, destination, protocol: "udp", port: port.port };
}

/** "Another's address is mine": to the dock's host, that it may send there what is for the other. */
function planNeighbourLies({ ends }: ProbeIndex, isc: IscEnd, through: InterfaceEnd): readonly Probe[] {
  const victim = ends.iscs.find(({ name }) => name !== isc.name)?.interfaces[0];
  const claimed = victim?.address ?? ends.outside.address;
  const claimed6 = victim?.address6 ?? ends.outside.address6;
  const arps = (["request", "reply"] as const).map((operation) =>
    lie(isc, through, {
      to: dockEnd,
      family: 4,
      what: `arp (${operation})`,
      packet: { kind: "arp", operation, claimed, about: operation === "request" ? through.gateway : claimed },
      arrivals: [],
    }),
  );
  if (through.address6 === undefined || claimed6 === undefined || through.gateway6 === undefined) return arps;
  const packet = { kind: "neighbour advertisement", source: through.address6, destination: through.gateway6, target: claimed6 } as const;
  return [...arps, lie(isc, through, { to: dockEnd, family: 6, what: "neighbour advertisement", packet, arrivals: [] })];
}

/** "I am the router", "who gives me an address", "here is one for you". */
function planServerLies(isc: IscEnd, through: InterfaceEnd): readonly Probe[] {
  const messages = [
    { message: "discover", source: "0.0.0.0" },
    { message: "offer", source: through.address },
  ] as const;
  const dhcp = messages.map(({ message, source }) =>
    lie(isc, through, {
      to: dockEnd,
      family: 4,
      what: `dhcp (${message})`,
      packet: { kind: "dhcp", message, source },
      arrivals: [dockEnd],
      counted: { refusal: isc.quarantined ? "quarantine_out" : message === "offer" ? "out" : "spoof", link: through.link },
    }),
  );
  if (through.address6 === undefined) return dhcp;
  const packet = { kind: "router advertisement", source: "fe80::15c0", prefix: announcedPrefix } as const;
  const counted = countedAs(isc, through);
  return [...dhcp, lie(isc, through, { to: dockEnd, family: 6, what: "router advertisement", packet, arrivals: [dockEnd], counted })];
}

/** Of the unique local ones, drawn once: a host that has an address in it has believed a probe. */
export const announcedPrefix = "fd8e:5c1a:77b0:915c::";

function countedAs({ quarantined }: IscEnd, { link }: InterfaceEnd): NonNullable<Probe["counted"]> {
  return { refusal: quarantined ? "quarantine_out" : "spoof", link };
}
