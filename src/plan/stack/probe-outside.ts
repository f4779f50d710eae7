/** Probes between ISCs and what is no ISC: a host outside, and the dock's own. Pure. */
import { type ProbeIndex, type ProbePort, packetOf, pairsOf, whatOf } from "./probe-index.ts";
import { dockEnd, type InterfaceEnd, type IscEnd, outsideEnd, type Probe } from "./probe-model.ts";

export function planOutsideProbes(index: ProbeIndex): readonly Probe[] {
  return [...planInwards(index), ...planExposed(index), ...index.ends.iscs.flatMap((isc) => planOutwards(index, isc))];
}

/** Whoever is outside reaches neither an ISC's own address nor any service address. */
function planInwards(index: ProbeIndex): readonly Probe[] {
  const { iscs, services, outside } = index.ends;
  const own = iscs.flatMap(({ name, member, quarantined, interfaces }) =>
    interfaces.map((one) => ({ ...one, to: name, member, also: " (own address)", quarantined, link: one.link })),
  );
  const named = services.flatMap(({ instances, ...service }) => {
    const to = service.isc ?? index.iscsOf(service.member)[0]?.name;
    return to === undefined ? [] : [{ ...service, to, also: "", quarantined: false, link: undefined }];
  });
  return [...own, ...named].flatMap(({ to, member, network, also, quarantined, link, ...target }) =>
    pairsOf(outside, target).flatMap(({ family, ...pair }) =>
      index.portsOf(member).map(
        (port): Probe => ({
          from: outsideEnd,
          to,
          network,
          family,
          what: `${whatOf(port)}${also}`,
          expected: "refused",
          packet: packetOf(port, pair),
          arrivals: [to],
          ...(link !== undefined && { counted: { refusal: quarantined ? "quarantine_in" : "in", link } }),
        }),
      ),
    ),
  );
}

/** At the host's address on the outside's link, or the only one that the exposure is for. A loopback address nobody outside can send to. */
function planExposed(index: ProbeIndex): readonly Probe[] {
  const { exposures, outside } = index.ends;
  return exposures.flatMap(({ hostPort, protocol, address, member, instances }) => {
    const target = address === undefined ? { address: outside.gateway, address6: outside.gateway6 } : byFamily(address);
    if (address !== undefined && isLoopback(address)) return [];
    const port: ProbePort = { kind: protocol, port: hostPort };
    return pairsOf(outside, target).map(
      ({ family, ...pair }): Probe => ({
        from: outsideEnd,
        to: instances[0] ?? index.iscsOf(member)[0]?.name ?? member,
        family,
        what: `${whatOf(port)} (host port)`,
        expected: instances.length > 0 ? "passes" : "refused",
        packet: packetOf(port, pair),
        arrivals: instances,
      }),
    );
  });
}

/** Everywhere it may go, and to the host outside on a port for which nothing is declared. */
function planOutwards(index: ProbeIndex, isc: IscEnd): readonly Probe[] {
  const { outside } = index.ends;
  const through = isc.interfaces.find(({ isWayOut }) => isWayOut) ?? isc.interfaces[0];
  if (!through) return [];
  const own = index.ends.destinations.filter(({ from }) => from === isc.name);
  const declared = own.map(({ address, protocol, port }) => ({ ...byFamily(address), port: { kind: protocol, port } as ProbePort }));
  const undeclared = index.unnamed.map((port) => ({ address: outside.address, address6: outside.address6, port }));
  return [...declared, ...undeclared].flatMap(({ port, ...target }) =>
    pairsOf(through, target).map(({ family, ...pair }): Probe => {
      const isDeclared = own.some((one) => one.address === pair.destination && one.protocol === port.kind && one.port === portOf(port));
      return {
        ...outOf(isc, through),
        from: isc.name,
        to: outsideEnd,
        family,
        what: `${whatOf(port)} (${pair.destination})`,
        expected: isDeclared && !isc.quarantined ? "passes" : "refused",
        packet: packetOf(port, pair),
        arrivals: [outsideEnd],
      };
    }),
  );
}

/** From the dock as flows say, and to it nothing but questions for names. */
export function planDockProbes(index: ProbeIndex): readonly Probe[] {
  return [...planFromDock(index), ...index.ends.iscs.flatMap((isc) => isc.interfaces.flatMap((one) => planToDock(index, isc, one)))];
}

/** The kernel chooses what to send from. */
const anySource = { address: "0.0.0.0", address6: "::" } as const;

function planFromDock(index: ProbeIndex): readonly Probe[] {
  return index.ends.services.flatMap((service) => {
    const to = service.isc ?? index.iscsOf(service.member)[0]?.name;
    if (to === undefined) return [];
    return pairsOf(anySource, service).flatMap(({ family, ...pair }) =>
      index.portsOf(service.member).flatMap((port): readonly Probe[] => {
        const isOpen = index.allows(dockEnd, service, port) && service.instances.length > 0;
        return [
          {
            from: dockEnd,
            to,
            network: service.network,
            family,
            what: whatOf(port),
            expected: isOpen ? "passes" : "refused",
            packet: packetOf(port, pair),
            arrivals: service.instances,
          },
        ];
      }),
    );
  });
}

function planToDock(index: ProbeIndex, isc: IscEnd, through: InterfaceEnd): readonly Probe[] {
  const { resolver, destinations } = index.ends;
  const targets = new Set([through.gateway, through.gateway6, resolver?.address, resolver?.address6].filter((one) => one !== undefined));
  const ports: readonly ProbePort[] = [
    ...(["tcp", "udp"] as const).map((kind): ProbePort => ({ kind, port: resolver?.port ?? 53 })),
    { kind: "tcp", port: 22 },
    ...index.unnamed,
  ];
  return [...targets].flatMap((target) =>
    pairsOf(through, byFamily(target)).flatMap(({ family, ...pair }) =>
      ports.flatMap((port): readonly Probe[] => {
        if (destinations.some(({ from, address }) => from === isc.name && address === target)) return [];
        const asksNames = (target === resolver?.address || target === resolver?.address6) && portOf(port) === resolver?.port;
        return [
          {
            ...outOf(isc, through),
            from: isc.name,
            to: dockEnd,
            network: through.network,
            family,
            what: `${whatOf(port)} (${target})`,
            expected: asksNames && !isc.quarantined ? "passes" : "refused",
            packet: packetOf(port, pair),
            arrivals: [dockEnd],
          },
        ];
      }),
    ),
  );
}

function outOf({ quarantined }: IscEnd, through: InterfaceEnd): Pick<Probe, "through" | "counted"> {
  return { through, counted: { refusal: quarantined ? "quarantine_out" : "out", link: through.link } };
}

function portOf(port: ProbePort): number | undefined {
  return port.kind === "echo" ? undefined : port.port;
}

function byFamily(address: string): { readonly address?: string; readonly address6?: string } {
  return address.includes(":") ? { address6: address } : { address };
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
