/**
 * Which packets a test of networks sends, and which of them should get through: everything between every two ends that a flow, an exposure
 * or a service names, and beside each of these something that nobody named. Pure.
 */
import type { NetworkProbe } from "../../model/stack-view.ts";
import { interfaceTowards, ProbeIndex, packetOf, pairsOf, whatOf } from "./probe-index.ts";
import { dockEnd, type InterfaceEnd, type IscEnd, outsideEnd, type Probe, type ProbeEnds, type ServiceEnd } from "./probe-model.ts";
import { planDockProbes, planOutsideProbes } from "./probe-outside.ts";
import { planSpoofProbes } from "./probe-spoofs.ts";

export function planProbes(ends: ProbeEnds): readonly Probe[] {
  const index = new ProbeIndex(ends);
  return [
    ...ends.iscs.flatMap((from) => [...planAtServices(index, from), ...planAtOwnAddresses(index, from)]),
    ...planOutsideProbes(index),
    ...planDockProbes(index),
    ...planSpoofProbes(index),
  ];
}

/** @param seenAt the ends that the packet has arrived at */
export function judgeProbe({ from, to, network, family, what, expected, arrivals }: Probe, seenAt: ReadonlySet<string>): NetworkProbe {
  // What somebody else than an ISC sends is judged by the ISCs that it reaches; of what an ISC sends nothing may come out anywhere.
  const isOther = from === dockEnd || from === outsideEnd;
  const isBreach = (end: string) => end !== from && !(isOther && (end === dockEnd || end === outsideEnd));
  const passed = expected === "passes" ? arrivals.some((end) => seenAt.has(end)) : [...seenAt].some(isBreach);
  return { from, to, ...(network !== undefined && { network }), family, what, expected, seen: passed ? "passes" : "refused" };
}

/** At service addresses: as the flows say, at any instance. */
function planAtServices(index: ProbeIndex, from: IscEnd): readonly Probe[] {
  return index.ends.services.flatMap((service) => {
    const to = nameOfService(index, service, from.name);
    if (to === undefined) return [];
    const through = interfaceTowards(from, service.network);
    return pairsOf(through, service).flatMap(({ family, ...pair }) =>
      index.portsOf(service.member).map((port): Probe => {
        const isOpen = !from.quarantined && service.instances.length > 0 && index.allows(from.name, service, port);
        return {
          from: from.name,
          to,
          network: service.network,
          family,
          what: service.isc === undefined && index.iscsOf(service.member).length > 1 ? `${whatOf(port)} (any)` : whatOf(port),
          expected: isOpen ? "passes" : "refused",
          ...outOf(from, through),
          packet: packetOf(port, pair),
          arrivals: service.instances,
        };
      }),
    );
  });
}

/** Which ISC stands for it in the matrix: itself, or the first of its member; undefined where that is who asks. */
function nameOfService(index: ProbeIndex, service: ServiceEnd, asker: string): string | undefined {
  if (service.isc !== undefined) return service.isc === asker ? undefined : service.isc;
  return index.iscsOf(service.member).find(({ name }) => name !== asker)?.name;
}

/** Nothing is opened at an ISC's own address. */
function planAtOwnAddresses(index: ProbeIndex, from: IscEnd): readonly Probe[] {
  const others = index.ends.iscs.filter(({ name }) => name !== from.name);
  return others.flatMap((to) =>
    to.interfaces.flatMap((there) => {
      const through = interfaceTowards(from, there.network);
      return pairsOf(through, there).flatMap(({ family, ...pair }) =>
        index.portsOf(to.member).map(
          (port): Probe => ({
            from: from.name,
            to: to.name,
            network: there.network,
            family,
            what: `${whatOf(port)} (own address)`,
            expected: "refused",
            ...outOf(from, through),
            packet: packetOf(port, pair),
            arrivals: [to.name],
          }),
        ),
      );
    }),
  );
}

function outOf({ quarantined }: IscEnd, through: InterfaceEnd): Pick<Probe, "through" | "counted"> {
  return { through, counted: { refusal: quarantined ? "quarantine_out" : "out", link: through.link } };
}
