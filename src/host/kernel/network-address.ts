/** IP and link-layer addresses between text and the bytes that the kernel speaks. Pure. */
import { isIPv4, isIPv6 } from "node:net";

export const AF_INET = 2;
export const AF_INET6 = 10;

export type AddressBytes = { readonly family: typeof AF_INET | typeof AF_INET6; readonly bytes: Buffer };

/** Throws TypeError on text that is no IPv4 or IPv6 address. */
export function parseIpAddress(text: string): AddressBytes {
  if (isIPv4(text)) return { family: AF_INET, bytes: Buffer.from(text.split(".").map(Number)) };
  if (!isIPv6(text) || text.includes("%")) throw new TypeError(`not an IP address: ${text}`);
  // A URL writes an IPv6 address in its shortest form, hexadecimal throughout.
  const [head = "", tail] = shortest(text).split("::");
  const before = groups(head);
  const after = groups(tail ?? "");
  const middle = new Array<number>(8 - before.length - after.length).fill(0);
  const bytes = Buffer.alloc(16);
  for (const [position, group] of [...before, ...middle, ...after].entries()) bytes.writeUInt16BE(group, position * 2);
  return { family: AF_INET6, bytes };
}

/** 4 bytes as IPv4, 16 bytes as the shortest IPv6 text. */
export function renderIpAddress(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join(".");
  const text = Array.from({ length: 8 }, (_, position) => bytes.readUInt16BE(position * 2).toString(16));
  return shortest(text.join(":"));
}

/** Throws TypeError on anything but six hexadecimal bytes joined by colons. */
export function parseMac(text: string): Buffer {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new TypeError(`not a MAC address: ${text}`);
  return Buffer.from(text.replaceAll(":", ""), "hex");
}

export function renderMac(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function shortest(ipv6: string): string {
  return new URL(`http://[${ipv6}]/`).hostname.slice(1, -1);
}

function groups(text: string): readonly number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
