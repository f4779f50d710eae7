/** How a refused packet is told: sentence, severity and MITRE ATT&CK technique. */
import type { Digest } from "../../model/digest.ts";
import type { EventDraft, Severity } from "../../model/event.ts";
import type { Name } from "../../model/name.ts";

export type RefusalDirection = "in" | "out" | "spoof";

export interface Refused {
  /** Whose packets; undefined for a link that is no ISC's, such as the host's own under a spoofed address. */
  readonly isc: { readonly name: Name; readonly image: Digest } | undefined;
  readonly direction: RefusalDirection;
  readonly quarantined: boolean;
  /** It may, but not so often or so much. */
  readonly limited: boolean;
  readonly link: string;
  readonly source: string;
  readonly destination: string;
  /** The other end: of a spoofed packet the address that it pretends to come from. */
  readonly peer: string;
  /** Of this dock's network: another ISC, or the dock's own address. */
  readonly isNeighbour: boolean;
  readonly protocol: string;
  readonly port?: number | undefined;
  readonly icmpType?: number | undefined;
  readonly flags?: string | undefined;
  /** It asks for something new; not the late word of a connection that is over. */
  readonly isOpening: boolean;
  readonly count: number;
}

const metadataAddresses = new Set(["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "169.254.170.2"]);

export function describeRefusal(refused: Refused): EventDraft {
  const technique = techniqueOf(refused);
  return {
    ...about(refused),
    severity: severityOf(refused),
    kind: refused.limited ? "firewall.limited" : "firewall.refused",
    message: sentenceOf(refused),
    facts: factsOf(refused),
    ...(technique && { technique }),
  };
}

export interface Scan {
  /** Different peers and ports in the interval. */
  readonly kinds: number;
  readonly packets: number;
  /** After those that were told one by one. */
  readonly further: boolean;
}

export function describeScan(refused: Refused, { kinds, packets, further }: Scan): EventDraft {
  const what = further ? `${packets} more packets` : `${packets} packets`;
  const way = { out: "sent out", in: "to it", spoof: "under other addresses" }[refused.direction];
  return {
    ...about(refused),
    severity: refused.direction === "in" ? "notice" : "alert",
    kind: "firewall.scan",
    message: `${what} ${way} were refused, ${kinds} different addresses and ports in one interval`,
    facts: {
      direction: refused.direction,
      kinds,
      packets,
      // As everywhere: packets that are in no other event.
      count: further ? packets : 0,
      link: refused.link,
      last: `${refused.peer} ${portWords(refused)}`,
    },
    technique: "T1046",
  };
}

export interface Counted {
  readonly isc: Refused["isc"];
  readonly direction: RefusalDirection;
  readonly quarantined: boolean;
  readonly link: string;
  /** What the firewall's own counter says was refused, and how many of those are in no other event. */
  readonly refused: number;
  readonly untold: number;
}

export function describeCount({ refused, untold, ...rest }: Counted): EventDraft {
  const { direction, link } = rest;
  return {
    ...about(rest),
    severity: "notice",
    kind: "firewall.counted",
    message: `${refused} packets were refused (${direction}), ${untold} of them told of by this number alone`,
    facts: { direction, link, refused, untold },
  };
}

function about({ isc }: Pick<Refused, "isc">): Pick<EventDraft, "sensor" | "isc" | "image"> {
  return { sensor: "firewall", ...(isc && { isc: isc.name, image: isc.image }) };
}

function severityOf({ direction, quarantined, limited, isOpening }: Refused): Severity {
  if (limited) return "notice";
  if (quarantined || !isOpening) return "info";
  return { in: "notice", out: "warning", spoof: "alert" }[direction] as Severity;
}

/** Undefined where nothing of an attack is in it. */
function techniqueOf({ direction, quarantined, limited, isOpening, protocol, port, peer, isNeighbour }: Refused): string | undefined {
  if (direction === "spoof") return "T1557";
  // A flood of what is allowed.
  if (limited) return direction === "out" ? "T1499" : undefined;
  if (direction === "in" || quarantined || !isOpening) return undefined;
  if (metadataAddresses.has(peer)) return "T1552.005";
  if (isNeighbour) return "T1046";
  if (port === 53 || port === 853) return "T1048";
  return protocol === "tcp" || protocol === "udp" ? "T1071" : "T1095";
}

function sentenceOf(refused: Refused): string {
  const { direction, quarantined, limited, source, destination, peer, count, isOpening } = refused;
  const packets = count === 1 ? "a packet" : `${count} packets`;
  const late = isOpening ? "" : ", of no open connection";
  const why = quarantined ? " (it is in quarantine)" : limited ? " (a limit is reached)" : "";
  switch (direction) {
    case "out":
      return `refused ${packets} out to ${peer} ${portWords(refused)}${late}${why}`;
    case "in":
      return `refused ${packets} in from ${peer} ${portWords(refused)}${late}${why}`;
    case "spoof":
      return `refused ${packets} under the address ${source} to ${destination} ${portWords(refused)}`;
    default:
      return direction satisfies never;
  }
}

function portWords({ protocol, port, icmpType }: Refused): string {
  if (port !== undefined) return `${protocol} ${port}`;
  return icmpType === undefined ? protocol : `${protocol} type ${icmpType}`;
}

function factsOf(refused: Refused): EventDraft["facts"] {
  const { direction, source, destination, protocol, port, icmpType, flags, link, count, quarantined } = refused;
  return {
    direction,
    source,
    destination,
    protocol,
    ...(port !== undefined && { port }),
    ...(icmpType !== undefined && { icmpType }),
    ...(flags !== undefined && { flags }),
    ...(quarantined && { quarantined }),
    link,
    count,
  };
}
