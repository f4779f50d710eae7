/** A message of nfnetlink about one connection. There may be hundreds of thousands: nothing is copied that is not asked for. Pure. */
import { renderIpAddress } from "./network-address.ts";

export interface TrackedConnection {
  /** "tcp", "udp", or the protocol's number. */
  readonly protocol: string;
  /** Of the first packet, as it came. */
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly port: number;
  /** Where answers come from: the destination, unless that is translated. */
  readonly target: string;
  readonly targetPort: number;
  /** Where answers go to: the source, unless that is translated. */
  readonly answersTo: string;
}

const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
/** CTA_IP_V4_SRC, V4_DST, V6_SRC, V6_DST. */
const sources = [1, 3] as const;
const destinations = [2, 4] as const;
const headerBytes = 4;
const typeMask = 0x3fff;
const protocols: Readonly<Record<number, string>> = { 6: "tcp", 17: "udp" };

/** Where an attribute's value begins and ends. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** @param payload from struct nfgenmsg on. Undefined when it is no whole connection. */
export function parseTrackedConnection(payload: Buffer): TrackedConnection | undefined {
  const whole = { from: 4, to: payload.length };
  const original = parseTuple(payload, find(payload, whole, CTA_TUPLE_ORIG));
  const reply = parseTuple(payload, find(payload, whole, CTA_TUPLE_REPLY));
  if (!original || !reply) return undefined;
  const { protocol, source, sourcePort, destination, port } = original;
  return {
    protocol,
    source,
    sourcePort,
    destination,
    port,
    target: reply.source,
    targetPort: reply.sourcePort,
    answersTo: reply.destination,
  };
}

function parseTuple(bytes: Buffer, tuple: Span | undefined) {
  const ends = find(bytes, tuple, CTA_TUPLE_IP);
  const rest = find(bytes, tuple, CTA_TUPLE_PROTO);
  const source = find(bytes, ends, sources[0]) ?? find(bytes, ends, sources[1]);
  const destination = find(bytes, ends, destinations[0]) ?? find(bytes, ends, destinations[1]);
  const protocol = find(bytes, rest, CTA_PROTO_NUM);
  if (!source || !destination || !protocol) return undefined;
  const number = bytes[protocol.from] ?? 0;
  return {
    protocol: protocols[number] ?? String(number),
    source: addressAt(bytes, source),
    sourcePort: portAt(bytes, find(bytes, rest, CTA_PROTO_SRC_PORT)),
    destination: addressAt(bytes, destination),
    port: portAt(bytes, find(bytes, rest, CTA_PROTO_DST_PORT)),
  };
}

function find(bytes: Buffer, within: Span | undefined, type: number): Span | undefined {
  if (!within) return undefined;
  for (let at = within.from; at + headerBytes <= within.to; ) {
    const length = bytes.readUInt16LE(at);
    if (length < headerBytes || at + length > within.to) throw new Error(`cannot read netlink message: length ${length} at ${at}`);
    if ((bytes.readUInt16LE(at + 2) & typeMask) === type) return { from: at + headerBytes, to: at + length };
    at += (length + 3) & ~3;
  }
  return undefined;
}

function addressAt(bytes: Buffer, { from, to }: Span): string {
  if (to - from === 4) return `${bytes[from]}.${bytes[from + 1]}.${bytes[from + 2]}.${bytes[from + 3]}`;
  return renderIpAddress(bytes.subarray(from, to));
}

function portAt(bytes: Buffer, span: Span | undefined): number {
  return span ? bytes.readUInt16BE(span.from) : 0;
}
