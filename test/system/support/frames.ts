/** Ethernet frames made by hand, byte by byte: what an honest network stack would not send. */
import { isIPv4 } from "node:net";

export interface Ends {
  /** Link addresses, "02:…". */
  readonly fromMac: string;
  readonly toMac: string;
}

export const everybody = "ff:ff:ff:ff:ff:ff";

/** RFC 826: an answer that nobody asked for, "`address` is at `fromMac`". */
export function makeArpAnswer(ends: Ends, address: string): Buffer {
  const head = Buffer.from("0001080006040002", "hex");
  return frame(ends, 0x0806, head, macBytes(ends.fromMac), addressBytes(address), macBytes(ends.toMac), addressBytes(address));
}

/** A question in the name of `address`, from which a host could learn who that is. */
export function makeArpQuestion(ends: Ends, address: string, about: string): Buffer {
  const head = Buffer.from("0001080006040001", "hex");
  return frame(ends, 0x0806, head, macBytes(ends.fromMac), addressBytes(address), Buffer.alloc(6), addressBytes(about));
}

/** RFC 4861, 4.4: unasked, "`address` is at `fromMac`", and forget what you knew. */
export function makeNeighbourAdvertisement(ends: Ends, from: string, to: string, address: string): Buffer {
  const link = Buffer.concat([Buffer.from([2, 1]), macBytes(ends.fromMac)]);
  return makeIcmp6(ends, from, to, Buffer.concat([Buffer.from("8800000020000000", "hex"), addressBytes(address), link]));
}

/** RFC 4861, 4.2: "I am the router, and 2001:db8:bad::/64 is on this link". */
export function makeRouterAdvertisement(ends: Ends, from: string): Buffer {
  const head = Buffer.from("860000004000070800000000000000000000", "hex").subarray(0, 16);
  const prefix = Buffer.concat([Buffer.from("030440c000000e1000000e1000000000", "hex"), addressBytes("2001:db8:bad::")]);
  return makeIcmp6(ends, from, "ff02::1", Buffer.concat([head, prefix]));
}

function makeIcmp6(ends: Ends, from: string, to: string, message: Buffer): Buffer {
  message.writeUInt16BE(sum(Buffer.concat([pseudoHead(from, to, 58, message.length), message])), 2);
  return frame(ends, 0x86dd, head6(from, to, 58, 255, message.length), message);
}

export interface Datagram {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly text: string;
}

/** UDP over IPv4 or IPv6. */
export function makeDatagram(ends: Ends, { from, to, port, text }: Datagram): Buffer {
  const data = Buffer.concat([Buffer.alloc(8), Buffer.from(text)]);
  data.writeUInt16BE(40_000, 0);
  data.writeUInt16BE(port, 2);
  data.writeUInt16BE(data.length, 4);
  data.writeUInt16BE(sum(Buffer.concat([pseudoHead(from, to, 17, data.length), data])), 6);
  if (!isIPv4(from)) return frame(ends, 0x86dd, head6(from, to, 17, 64, data.length), data);
  const head = Buffer.from("450000000000400040110000", "hex");
  head.writeUInt16BE(20 + data.length, 2);
  const whole = Buffer.concat([head, addressBytes(from), addressBytes(to)]);
  whole.writeUInt16BE(sum(whole), 10);
  return frame(ends, 0x0800, whole, data);
}

function frame({ fromMac, toMac }: Ends, type: number, ...parts: readonly Buffer[]): Buffer {
  const kind = Buffer.alloc(2);
  kind.writeUInt16BE(type);
  return Buffer.concat([macBytes(toMac), macBytes(fromMac), kind, ...parts]);
}

function head6(from: string, to: string, protocol: number, hopLimit: number, length: number): Buffer {
  const head = Buffer.from([0x60, 0, 0, 0, 0, 0, protocol, hopLimit]);
  head.writeUInt16BE(length, 4);
  return Buffer.concat([head, addressBytes(from), addressBytes(to)]);
}

/** RFC 768 and RFC 8200, 8.1. */
function pseudoHead(from: string, to: string, protocol: number, length: number): Buffer {
  const tail = Buffer.alloc(isIPv4(from) ? 4 : 8);
  tail.writeUInt8(protocol, tail.length - (isIPv4(from) ? 3 : 1));
  tail.writeUInt16BE(length, 2);
  return Buffer.concat([addressBytes(from), addressBytes(to), tail]);
}

/** RFC 1071. */
function sum(bytes: Buffer): number {
  let total = 0;
  for (let at = 0; at < bytes.length; at += 2) total += bytes.readUInt8(at) * 256 + (bytes[at + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return ~total & 0xffff;
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const [left = "", right = ""] = address.split("::");
  const groups = (text: string) => text.split(":").filter((group) => group !== "");
  const [before, after] = [groups(left), groups(right)];
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => "0"), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}
