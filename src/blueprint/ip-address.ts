/** IPv4 and IPv6 addresses and prefixes, in one spelling each (IPv6 as in RFC 5952). */
import { parsePrefix as parseAnyPrefix, renderPrefix } from "../base/ip-prefix.ts";

/** The address in its one spelling, or undefined when the text is none. No zone, no brackets. */
export function parseAddress(text: string): string | undefined {
  return text.includes(":") ? parseAddress6(text) : parseAddress4(text);
}

/** "10.0.0.0/8", or the plain address where the prefix is a single one. Bits beyond the prefix length must be zero. */
export function parsePrefix(text: string): string | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const known = parseAddress(address);
  if (known === undefined || rest.length > 0) return undefined;
  if (length === undefined) return known;
  const bits = bitsOf(known);
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > bits.length) return undefined;
  if (bits.slice(Number(length)).includes("1")) return undefined;
  return Number(length) === bits.length ? known : `${known}/${length}`;
}

/** The prefix that a text with host bits was meant as: "10.1.2.3/8" gives "10.0.0.0/8". Undefined when it is none anyway. */
export function withoutHostBits(text: string): string | undefined {
  const prefix = text.includes("/") ? parseAnyPrefix(text) : undefined;
  return prefix && renderPrefix(prefix);
}

function parseAddress4(text: string): string | undefined {
  const parts = text.split(".");
  const isOctet = (part: string) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255;
  return parts.length === 4 && parts.every(isOctet) ? text : undefined;
}

function parseAddress6(text: string): string | undefined {
  // The URL standard's host parser is the reader of IPv6 at hand; it also gives the canonical spelling.
  const url = `http://[${text}]/`;
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text) || !URL.canParse(url)) return undefined;
  return new URL(url).hostname.slice(1, -1);
}

function bitsOf(address: string): string {
  if (!address.includes(":")) return toBits(address.split(".").map(Number), 8);
  const [head = [], tail] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const gap = tail === undefined ? [] : Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return toBits(
    [...head, ...gap, ...(tail ?? [])].map((group) => Number.parseInt(group, 16)),
    16,
  );
}

function toBits(groups: readonly number[], width: number): string {
  return groups.map((group) => group.toString(2).padStart(width, "0")).join("");
}
