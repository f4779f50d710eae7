/**
 * Packets made by hand, byte by byte: those that find out what a firewall lets through, and those that no honest network stack sends.
 * RFC 791, 768, 792, 826, 2131, 4443, 4861, 8200, 9293. Pure. Addresses are 4 or 16 bytes, link addresses 6.
 */

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMP6 = 58;
/** Neighbour discovery is heeded with this hop limit only. */
const mostHops = 255;

export interface Way {
  readonly source: Buffer;
  readonly destination: Buffer;
  readonly hops: number;
}

export function makeSyn(way: Way, { sourcePort, port, sequence }: { sourcePort: number; port: number; sequence: number }): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt16BE(sourcePort, 0);
  head.writeUInt16BE(port, 2);
  head.writeUInt32BE(sequence, 4);
  // Six words of header; SYN.
  head.writeUInt16BE(0x6002, 12);
  head.writeUInt16BE(64_240, 14);
  // Maximum segment size 1,220: fits each path of IPv6.
  head.writeUInt32BE(0x020404c4, 20);
  return withSum(way, TCP, head, 16);
}

export function makeDatagram(way: Way, { sourcePort, port, data }: { sourcePort: number; port: number; data: Buffer }): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(8), data]);
  bytes.writeUInt16BE(sourcePort, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.writeUInt16BE(bytes.length, 4);
  return withSum(way, UDP, bytes, 6);
}

export function makeEchoRequest(way: Way, { identifier, data }: { identifier: number; data: Buffer }): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(8), data]);
  bytes.writeUInt16BE(identifier, 4);
  bytes.writeUInt16BE(1, 6);
  const isIp4 = way.source.length === 4;
  bytes.writeUInt8(isIp4 ? 8 : 128, 0);
  return withSum(way, isIp4 ? ICMP : ICMP6, bytes, 2);
}

/** "I am the router, and this prefix of length 64 is on this link." */
export function makeRouterAdvertisement(way: Omit<Way, "hops">, { prefix, nonce }: { prefix: Buffer; nonce: Buffer }): Buffer {
  const head = Buffer.from("86000000400007080000000000000000", "hex");
  const option = Buffer.concat([Buffer.from("030440c000000e1000000e1000000000", "hex"), prefix]);
  return withSum({ ...way, hops: mostHops }, ICMP6, Buffer.concat([head, nonceOption(nonce), option]), 2);
}

/** Unasked: "`target` is at `mac`, forget what you knew." */
export function makeNeighbourAdvertisement(
  way: Omit<Way, "hops">,
  { target, mac, nonce }: { target: Buffer; mac: Buffer; nonce: Buffer },
): Buffer {
  const head = Buffer.concat([Buffer.from("8800000020000000", "hex"), target, Buffer.from([2, 1]), mac]);
  return withSum({ ...way, hops: mostHops }, ICMP6, Buffer.concat([head, nonceOption(nonce)]), 2);
}

/** Discover asks everybody for an address; offer pretends to be a server who has one. @param nonce in the field for the server's name */
export function makeDhcp(
  way: Way,
  { message, mac, nonce }: { readonly message: "discover" | "offer"; readonly mac: Buffer; readonly nonce: Buffer },
): Buffer {
  const isQuestion = message === "discover";
  const bytes = Buffer.alloc(247);
  bytes.write(isQuestion ? "01010600" : "02010600", 0, "hex");
  nonce.copy(bytes, 4, 12, 16);
  if (!isQuestion) way.source.copy(bytes, 16);
  mac.copy(bytes, 28);
  nonce.copy(bytes, 44);
  // The magic cookie, option 53 with the type of the message, and the end.
  bytes.write(isQuestion ? "63825363350101ff" : "63825363350102ff", 236, "hex");
  return makeDatagram(way, { sourcePort: isQuestion ? 68 : 67, port: isQuestion ? 67 : 68, data: bytes });
}

/** In the name of `claimed`: asks for another, or tells unasked where `claimed` is. */
export function makeArp(claim: {
  readonly operation: "request" | "reply";
  readonly mac: Buffer;
  readonly claimed: Buffer;
  readonly about: Buffer;
  readonly nonce: Buffer;
}): Buffer {
  const head = Buffer.from(claim.operation === "request" ? "0001080006040001" : "0001080006040002", "hex");
  // Behind the message is padding, which nobody reads.
  return Buffer.concat([head, claim.mac, claim.claimed, Buffer.alloc(6), claim.about, claim.nonce]);
}

export function makeFrame({ from, to }: { readonly from: Buffer; readonly to: Buffer }, packet: Buffer, kind: "ip" | "arp"): Buffer {
  const type = Buffer.alloc(2);
  type.writeUInt16BE(kind === "arp" ? 0x0806 : packet.readUInt8(0) >> 4 === 4 ? 0x0800 : 0x86dd);
  return Buffer.concat([to, from, type, packet]);
}

/** RFC 3971, 5.3.2: of three units, so that the rest is aligned. */
function nonceOption(nonce: Buffer): Buffer {
  const option = Buffer.alloc(24);
  option.writeUInt16BE(0x0e03, 0);
  nonce.copy(option, 2);
  return option;
}

function withSum(way: Way, protocol: number, segment: Buffer, sumAt: number): Buffer {
  const isIp4 = way.source.length === 4;
  const pseudo = isIp4 && protocol === ICMP ? 0 : sum(way.source) + sum(way.destination) + protocol + segment.length;
  segment.writeUInt16BE(folded(pseudo + sum(segment)), sumAt);
  return Buffer.concat([isIp4 ? head4(way, protocol, segment.length) : head6(way, protocol, segment.length), segment]);
}

function head4({ source, destination, hops }: Way, protocol: number, length: number): Buffer {
  const head = Buffer.from("450000000000400000000000", "hex");
  head.writeUInt16BE(20 + length, 2);
  head.writeUInt8(hops, 8);
  head.writeUInt8(protocol, 9);
  head.writeUInt16BE(folded(sum(head) + sum(source) + sum(destination)), 10);
  return Buffer.concat([head, source, destination]);
}

function head6({ source, destination, hops }: Way, protocol: number, length: number): Buffer {
  const head = Buffer.from([0x60, 0, 0, 0, 0, 0, protocol, hops]);
  head.writeUInt16BE(length, 4);
  return Buffer.concat([head, source, destination]);
}

/** RFC 1071. */
function sum(bytes: Buffer): number {
  let total = 0;
  for (let at = 0; at < bytes.length; at += 2) total += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  return total;
}

function folded(total: number): number {
  let rest = total;
  while (rest > 0xffff) rest = (rest & 0xffff) + Math.floor(rest / 0x10000);
  return ~rest & 0xffff;
}
