/** How the details of a stack's networks and limits read in the steps that `up` and `diff` tell. */
import { renderBandwidth } from "../base/bandwidth.ts";
import type { TrafficLimits, Uplink } from "./stack.ts";

/** "with a way out", "with a way out by eth1" */
export function describeUplink(uplink: Uplink): string {
  if (uplink.kind === "any") return "with a way out";
  return `with a way out by ${uplink.kind === "address" ? uplink.address : uplink.interface}`;
}

/** "at most 10Mbit, 20 connections, 5 new connections/s" */
export function describeLimits({ bitsPerSecond, packetsPerSecond, connections, connectionsPerSecond }: TrafficLimits): string {
  const parts = [
    ...(bitsPerSecond === undefined ? [] : [renderBandwidth(bitsPerSecond)]),
    ...(packetsPerSecond === undefined ? [] : [`${packetsPerSecond} packets/s`]),
    ...(connections === undefined ? [] : [`${connections} connections`]),
    ...(connectionsPerSecond === undefined ? [] : [`${connectionsPerSecond} new connections/s`]),
  ];
  return parts.length === 0 ? "" : `at most ${parts.join(", ")}`;
}
