/** A stack as it is seen: its live state, the steps of a change, what a test of its networks has found. */
import type { Name } from "./name.ts";
import type { Exposure } from "./network.ts";
import type { Flow, StackRecord, TrafficLimits, Uplink } from "./stack.ts";

/** What `network show` and the page draw: a stack as it is now. */
export interface StackView {
  readonly name: Name;
  readonly desired: StackRecord["desired"];
  readonly networks: readonly NetworkView[];
  /** In the order of the file; those of one member follow each other. */
  readonly iscs: readonly StackIscView[];
  /** What names lead to: of members, on each of their networks. */
  readonly services: readonly ServiceView[];
  readonly flows: readonly FlowView[];
  readonly exposures: readonly ExposureView[];
}

export interface ServiceView {
  /** "app.back.isc" */
  readonly name: string;
  readonly member: Name;
  readonly network: Name;
  readonly address: string;
  readonly address6: string;
  /** The ISCs that new connections go to now. */
  readonly iscs: readonly Name[];
}

export interface NetworkView {
  readonly name: Name;
  readonly subnet: string;
  /** "fd15:c0b1:b12:2::/64" */
  readonly subnet6: string;
  readonly mtu: number;
  readonly uplink?: Uplink;
}

export interface StackIscView {
  readonly name: Name;
  readonly member: Name;
  readonly status: "running" | "stopped" | "failed" | "starting" | "quarantined" | "missing";
  /** Absent where no check is declared, or none has been made yet. */
  readonly well?: boolean;
  /** New connections to its member come to it, too. */
  readonly serving: boolean;
  readonly interfaces: readonly { readonly network: Name; readonly link: string; readonly address: string; readonly address6: string }[];
  readonly limits?: TrafficLimits;
  /** Since it started, of all its interfaces: what it has sent and received. Absent while it does not run. */
  readonly traffic?: Traffic;
  /** Connections open now that it began or that came to it. */
  readonly connections?: number;
}

export interface Traffic {
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  /** Dropped because a limit was reached. */
  readonly limitedPackets: number;
}

export interface FlowView extends Flow {
  /** The networks it uses. */
  readonly networks: readonly Name[];
  /** Connections begun since the firewall was loaded. */
  readonly begun: number;
  /** Of those, refused because a limit was reached. */
  readonly limited: number;
}

export interface ExposureView extends Exposure {
  readonly member: Name;
  readonly begun: number;
}

/** One step of an `up` or `down`, as `diff` tells it. */
export interface StackStep {
  readonly kind: "network" | "isc" | "flow" | "exposure" | "limit" | "secret";
  readonly change: "add" | "remove" | "change" | "replace" | "start" | "stop";
  /** The network, the ISC, or the flow: "web → app 9000/tcp". */
  readonly what: string;
  /** Why, or from what to what. */
  readonly detail?: string;
}

export interface NetworkProbe {
  /** ISC names, "outside", "dock". */
  readonly from: string;
  readonly to: string;
  /** Absent from and to outside. */
  readonly network?: Name;
  readonly family: 4 | 6;
  /** What was sent: "tcp 9000", "udp 53", "icmp echo", "spoofed address", "spoofed mac", "router advertisement", "dhcp", "arp". */
  readonly what: string;
  readonly expected: "passes" | "refused";
  readonly seen: "passes" | "refused";
}
