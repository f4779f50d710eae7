/** Lies that leave no packet anywhere else: whether the dock's host believes them now. */

import type { Probe } from "../../plan/stack/probe-model.ts";
import { announcedPrefix } from "../../plan/stack/probe-spoofs.ts";
import type { TestHost } from "./outside-host.ts";

export function findBelieved(host: TestHost, probes: readonly Probe[]): readonly Probe[] {
  using socket = new host.kernel.rtnetlink.Rtnetlink();
  const neighbours = new Set(socket.listNeighbours().map(({ address, mac }) => `${address} ${mac}`));
  const hasAnnounced = socket.listAddresses().some(({ address }) => address.startsWith(announcedPrefix.slice(0, -1)));
  return probes.filter(({ packet, through }) => {
    switch (packet.kind) {
      case "arp":
        return neighbours.has(`${packet.claimed} ${through?.mac}`);
      case "neighbour advertisement":
        return neighbours.has(`${packet.target} ${through?.mac}`);
      case "router advertisement":
        return hasAnnounced;
      default:
        return false;
    }
  });
}
