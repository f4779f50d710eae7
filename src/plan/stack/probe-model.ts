/** What a test of networks is told of the ends between which it sends, and the probes that it then sends. */
import type { Name } from "../../model/name.ts";
import type { Protocol } from "../../model/network.ts";
import type { NetworkProbe } from "../../model/stack-view.ts";

/** Ends that are no ISCs. */
export const [dockEnd, outsideEnd] = ["dock", "outside"] as const;
export type Family = 4 | 6;

export interface ProbeEnds {
  /** Those that run. */
  readonly iscs: readonly IscEnd[];
  /** Of members, and of single ISCs, on each of their networks. */
  readonly services: readonly ServiceEnd[];
  readonly flows: readonly AllowedFlow[];
  readonly exposures: readonly ExposedEnd[];
  /** Outside addresses that ISCs may reach; of a prefix, one address in it. */
  readonly destinations: readonly AllowedDestination[];
  /** Ports that members listen on, whether anybody may reach them or not. */
  readonly listens: readonly { readonly member: Name; readonly port: number; readonly protocol: Protocol }[];
  /** Where every ISC may ask for names, with tcp and udp. */
  readonly resolver: { readonly address?: string; readonly address6?: string; readonly port: number } | undefined;
  readonly outside: OutsideEnd;
}

export interface IscEnd {
  readonly name: Name;
  readonly member: Name;
  readonly quarantined: boolean;
  /** eth0 first. */
  readonly interfaces: readonly InterfaceEnd[];
}

export interface InterfaceEnd {
  readonly network: Name;
  /** On the host. */
  readonly link: string;
  /** Inside: eth0, eth1, … */
  readonly inside: string;
  readonly address: string;
  /** Absent where the host has no IPv6. */
  readonly address6?: string;
  /** Of the inner end. */
  readonly mac: string;
  /** Of the host's end. */
  readonly gatewayMac: string;
  readonly gateway: string;
  readonly gateway6?: string;
  /** What is on none of its networks goes this way; the first one's when no one says so. */
  readonly isWayOut?: boolean;
}

export interface ServiceEnd {
  readonly network: Name;
  readonly member: Name;
  /** Of this one ISC alone. */
  readonly isc?: Name;
  readonly address: string;
  readonly address6?: string;
  /** Where connections to it arrive now; none is as good as refused. */
  readonly instances: readonly Name[];
}

/** Opens every service address that the member and its ISCs have on the network. */
export interface AllowedFlow {
  /** An ISC, or "dock". */
  readonly from: string;
  readonly network: Name;
  readonly member: Name;
  readonly port: number;
  readonly protocol: Protocol;
}

export interface ExposedEnd {
  readonly hostPort: number;
  readonly protocol: Protocol;
  /** The only host address that it answers on. */
  readonly address?: string;
  readonly member: Name;
  readonly port: number;
  readonly instances: readonly Name[];
}

export interface AllowedDestination {
  readonly from: Name;
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** A host of the test's own, behind a link of the dock's host; addresses from ranges that nobody routes. */
export interface OutsideEnd {
  readonly address: string;
  readonly address6?: string;
  /** The dock's host, as this one sees it. */
  readonly gateway: string;
  readonly gateway6?: string;
}

/** A source "0.0.0.0" or "::" is for the kernel to choose. */
export type ProbePacket =
  | { readonly kind: Protocol; readonly source: string; readonly destination: string; readonly port: number }
  | { readonly kind: "echo"; readonly source: string; readonly destination: string }
  | { readonly kind: "router advertisement"; readonly source: string; readonly prefix: string }
  | { readonly kind: "neighbour advertisement"; readonly source: string; readonly destination: string; readonly target: string }
  | { readonly kind: "dhcp"; readonly message: "discover" | "offer"; readonly source: string }
  | { readonly kind: "arp"; readonly operation: "request" | "reply"; readonly claimed: string; readonly about: string };

export interface Probe extends Omit<NetworkProbe, "seen"> {
  /** Of an ISC: what it leaves through. */
  readonly through?: InterfaceEnd;
  /** Of frames: instead of the interface's own. */
  readonly mac?: string;
  readonly packet: ProbePacket;
  /** Ends of which any may receive it, when it passes. */
  readonly arrivals: readonly string[];
  /** Where the firewall counts it when it refuses it: chain and link. Absent where something else than the firewall refuses it. */
  readonly counted?: { readonly refusal: "out" | "in" | "spoof" | "quarantine_out" | "quarantine_in"; readonly link: string };
}
