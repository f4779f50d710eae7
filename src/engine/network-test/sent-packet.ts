/** A probe as bytes, and as the firewall's sensor would see it. */
import { parseIpAddress, parseMac, renderIpAddress } from "../../host/kernel/network-address.ts";
import {
  makeArp,
  makeDatagram,
  makeDhcp,
  makeEchoRequest,
  makeFrame,
  makeNeighbourAdvertisement,
  makeRouterAdvertisement,
  makeSyn,
} from "../../host/kernel/probe-frames.ts";
import type { Probe, ProbePacket } from "../../plan/stack/probe-model.ts";
import type { SentPacket } from "../../plan/watch/probe-book.ts";

/** To the host and one further, but never beyond the first router. */
export const hops = 2;
const everybody = "ff:ff:ff:ff:ff:ff";
const allAddresses = "255.255.255.255";
const allNodes = { address: "ff02::1", mac: "33:33:00:00:00:01" } as const;

export interface Numbered {
  readonly number: number;
  /** Also the identifier of an echo. */
  readonly sourcePort: number;
  /** Sixteen bytes. */
  readonly nonce: Buffer;
}

/** Remembers addresses: thousands of probes are between few of them. */
export class PacketMaker {
  readonly #bytes = new Map<string, Buffer>();

  /** @param mac of the sender */
  makePacket(packet: ProbePacket, { number, sourcePort, nonce }: Numbered, mac: string): Buffer {
    const way = (source: string, destination: string) => ({ source: this.#ip(source), destination: this.#ip(destination), hops });
    switch (packet.kind) {
      case "tcp":
        return makeSyn(way(packet.source, packet.destination), { sourcePort, port: packet.port, sequence: number });
      case "udp":
        return makeDatagram(way(packet.source, packet.destination), { sourcePort, port: packet.port, data: nonce });
      case "echo":
        return makeEchoRequest(way(packet.source, packet.destination), { identifier: sourcePort, data: nonce });
      case "router advertisement":
        return makeRouterAdvertisement(way(packet.source, allNodes.address), { prefix: this.#ip(packet.prefix), nonce });
      case "neighbour advertisement":
        return makeNeighbourAdvertisement(way(packet.source, packet.destination), {
          target: this.#ip(packet.target),
          mac: this.#mac(mac),
          nonce,
        });
      case "dhcp":
        return makeDhcp(way(packet.source, allAddresses), { message: packet.message, mac: this.#mac(mac), nonce });
      case "arp":
        return makeArp({ ...packet, mac: this.#mac(mac), claimed: this.#ip(packet.claimed), about: this.#ip(packet.about), nonce });
      default:
        return packet satisfies never;
    }
  }

  makeFrame(packet: ProbePacket, numbered: Numbered, macs: { readonly from: string; readonly to: string }): Buffer {
    const to = { dhcp: everybody, arp: everybody, "router advertisement": allNodes.mac }[packet.kind as string] ?? macs.to;
    const bytes = this.makePacket(packet, numbered, macs.from);
    return makeFrame({ from: this.#mac(macs.from), to: this.#mac(to) }, bytes, packet.kind === "arp" ? "arp" : "ip");
  }

  #ip(address: string): Buffer {
    return this.#remembered(address, () => parseIpAddress(address).bytes);
  }

  #mac(mac: string): Buffer {
    return this.#remembered(mac, () => parseMac(mac));
  }

  #remembered(text: string, parse: () => Buffer): Buffer {
    const known = this.#bytes.get(text) ?? parse();
    this.#bytes.set(text, known);
    return known;
  }
}

/** None for what the firewall never logs. @param translated addresses that the destination may be translated to */
export function describeSent(
  { packet, family, expected, ...probe }: Probe,
  sourcePort: number,
  translated: readonly string[],
): readonly SentPacket[] {
  const counted = expected === "refused" ? probe.counted : undefined;
  const icmp = family === 4 ? "icmp" : "icmpv6";
  switch (packet.kind) {
    case "arp":
      return [];
    case "tcp":
    case "udp":
      return [
        {
          protocol: packet.kind,
          source: packet.source,
          sourcePort,
          destinations: [packet.destination, ...translated],
          port: packet.port,
          counted,
        },
      ];
    case "echo":
      return [{ protocol: icmp, source: packet.source, sourcePort, destinations: [packet.destination, ...translated], counted }];
    case "router advertisement":
      return [{ protocol: icmp, source: packet.source, destinations: [allNodes.address], counted }];
    case "neighbour advertisement":
      return [{ protocol: icmp, source: packet.source, destinations: [packet.destination], counted }];
    case "dhcp": {
      const [from, to] = packet.message === "discover" ? [68, 67] : [67, 68];
      return [{ protocol: "udp", source: packet.source, sourcePort: from, destinations: [allAddresses], port: to, counted }];
    }
    default:
      return packet satisfies never;
  }
}

/** The packet with the source that the kernel would give it; undefined when there is no way. */
export function withSource(packet: ProbePacket, find: (destination: string) => Buffer | undefined): ProbePacket | undefined {
  if (!("destination" in packet) || !("source" in packet) || (packet.source !== "0.0.0.0" && packet.source !== "::")) return packet;
  const source = find(packet.destination);
  return source && { ...packet, source: renderIpAddress(source) };
}
