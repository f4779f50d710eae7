/**
 * What nfnetlink_log tells of one packet (linux/netfilter/nfnetlink_log.h), and the headers of the packet itself: RFC 791, 8200, 9293, 768,
 * 792, 4443. Pure. The packet is an intruder's: whatever it says, reading it ends in an answer.
 */
import { parseAttributes, textOf } from "./netlink-message.ts";
import { renderIpAddress } from "./network-address.ts";

export interface LoggedPacket {
  /** What the rule says that logged it. */
  readonly prefix: string;
  /** Interface numbers of the host. */
  readonly inIndex?: number;
  readonly outIndex?: number;
  /** Undefined when what was copied is no IP header. */
  readonly headers?: PacketHeaders;
}

export interface PacketHeaders {
  readonly source: string;
  readonly destination: string;
  /** tcp, udp, icmp, icmpv6, sctp, … or the number as text. */
  readonly protocol: string;
  readonly sourcePort?: number;
  readonly port?: number;
  /** Of icmp and icmpv6. */
  readonly icmpType?: number;
  /** Of an icmp or icmpv6 echo: what tells one who asks from another. */
  readonly icmpId?: number;
  /** Of tcp, such as "SYN" or "ACK,RST". */
  readonly flags?: string;
}

const NFULA_IFINDEX_INDEV = 4;
const NFULA_IFINDEX_OUTDEV = 5;
const NFULA_PAYLOAD = 9;
const NFULA_PREFIX = 10;
/** struct nfgenmsg */
const GENERIC_BYTES = 4;

/** @param payload of a netlink message of type NFULNL_MSG_PACKET */
export function parseLoggedPacket(payload: Buffer): LoggedPacket {
  const attributes = parseAttributes(payload.subarray(GENERIC_BYTES));
  const prefix = attributes.get(NFULA_PREFIX);
  const inIndex = attributes.get(NFULA_IFINDEX_INDEV);
  const outIndex = attributes.get(NFULA_IFINDEX_OUTDEV);
  const headers = parsePacketHeaders(attributes.get(NFULA_PAYLOAD) ?? Buffer.alloc(0));
  return {
    prefix: prefix ? textOf(prefix).trim() : "",
    ...(inIndex && inIndex.length >= 4 && { inIndex: inIndex.readUInt32BE(0) }),
    ...(outIndex && outIndex.length >= 4 && { outIndex: outIndex.readUInt32BE(0) }),
    ...(headers && { headers }),
  };
}

/** Undefined for what does not begin with a whole IP header. */
export function parsePacketHeaders(packet: Buffer): PacketHeaders | undefined {
  const version = packet.length > 0 ? packet.readUInt8(0) >> 4 : 0;
  if (version === 4) return parseIp4(packet);
  return version === 6 ? parseIp6(packet) : undefined;
}

function parseIp4(packet: Buffer): PacketHeaders | undefined {
  if (packet.length < 20) return undefined;
  const headerBytes = (packet.readUInt8(0) & 0xf) * 4;
  const fragment = packet.readUInt16BE(6) & 0x1fff;
  return {
    source: renderIpAddress(packet.subarray(12, 16)),
    destination: renderIpAddress(packet.subarray(16, 20)),
    // Only the first fragment has the ports.
    ...parseTransport(packet.readUInt8(9), fragment === 0 && headerBytes >= 20 ? packet.subarray(headerBytes) : Buffer.alloc(0)),
  };
}

/** Hop-by-hop, routing, destination options: length in the second byte, in units of 8 beyond the first 8. */
const optionHeaders = new Set([0, 43, 60]);
const fragmentHeader = 44;

function parseIp6(packet: Buffer): PacketHeaders | undefined {
  if (packet.length < 40) return undefined;
  let next = packet.readUInt8(6);
  let rest = packet.subarray(40);
  while ((optionHeaders.has(next) || next === fragmentHeader) && rest.length >= 8) {
    const isLater = next === fragmentHeader && rest.readUInt16BE(2) >> 3 !== 0;
    const bytes = next === fragmentHeader ? 8 : (rest.readUInt8(1) + 1) * 8;
    next = rest.readUInt8(0);
    rest = isLater ? Buffer.alloc(0) : rest.subarray(bytes);
  }
  return {
    source: renderIpAddress(packet.subarray(8, 24)),
    destination: renderIpAddress(packet.subarray(24, 40)),
    ...parseTransport(next, rest),
  };
}

const protocolNames: Readonly<Record<number, string>> = {
  1: "icmp",
  2: "igmp",
  4: "ipip",
  6: "tcp",
  17: "udp",
  33: "dccp",
  41: "ipv6",
  47: "gre",
  50: "esp",
  51: "ah",
  58: "icmpv6",
  132: "sctp",
  136: "udplite",
};
const withPorts = new Set([6, 17, 33, 132, 136]);
/** Request and answer. */
const echoTypes: Readonly<Record<1 | 58, readonly number[]>> = { 1: [8, 0], 58: [128, 129] };
const tcpFlags = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"] as const;

function parseTransport(number: number, segment: Buffer): Omit<PacketHeaders, "source" | "destination"> {
  const protocol = protocolNames[number] ?? String(number);
  if (withPorts.has(number) && segment.length >= 4) {
    const flags = number === 6 && segment.length >= 14 ? segment.readUInt8(13) : undefined;
    return {
      protocol,
      sourcePort: segment.readUInt16BE(0),
      port: segment.readUInt16BE(2),
      ...(flags !== undefined && { flags: tcpFlags.filter((_, bit) => (flags & (1 << bit)) !== 0).join(",") }),
    };
  }
  const isIcmp = number === 1 || number === 58;
  if (!isIcmp || segment.length === 0) return { protocol };
  const icmpType = segment.readUInt8(0);
  const isEcho = segment.length >= 6 && echoTypes[number].includes(icmpType);
  return { protocol, icmpType, ...(isEcho && { icmpId: segment.readUInt16BE(4) }) };
}
