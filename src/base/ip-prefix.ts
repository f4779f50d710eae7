/** IP addresses and prefixes as numbers: nft writes them its own way, and refuses prefixes of a set that lie within each other. */

export interface Prefix {
  readonly family: 4 | 6;
  /** The network address, without host bits. */
  readonly base: bigint;
  readonly length: number;
}

/** "10.0.0.0/8", "2001:db8::1"; an address is a prefix of full length. Undefined when it is neither. Host bits are cut. */
export function parsePrefix(text: string): Prefix | undefined {
  const [address = "", lengthText, ...more] = text.split("/");
  const family = address.includes(":") ? 6 : 4;
  const bits = family === 4 ? 32 : 128;
  const value = family === 4 ? parseAddress4(address) : parseAddress6(address);
  const length = lengthText === undefined ? bits : /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : Number.NaN;
  if (value === undefined || more.length > 0 || !(length <= bits)) return undefined;
  const hostBits = BigInt(bits - length);
  return { family, base: (value >> hostBits) << hostBits, length };
}

/** One spelling for each prefix: no leading zeros, the longest run of zero groups as `::` (RFC 5952). */
export function renderPrefix(prefix: Prefix): string {
  const full = prefix.family === 4 ? 32 : 128;
  const address = prefix.family === 4 ? renderAddress4(prefix.base) : renderAddress6(prefix.base);
  return prefix.length === full ? address : `${address}/${prefix.length}`;
}

export function isWithin(inner: Prefix, outer: Prefix): boolean {
  const bits = BigInt((outer.family === 4 ? 32 : 128) - outer.length);
  return inner.family === outer.family && inner.length >= outer.length && inner.base >> bits === outer.base >> bits;
}

/** Of two as text; false when either is neither an address nor a prefix. */
export function liesWithin(inner: string, outer: string): boolean {
  const [one, other] = [parsePrefix(inner), parsePrefix(outer)];
  return one !== undefined && other !== undefined && isWithin(one, other);
}

/** Whether they have an address in common. Of two as text; false when either is neither an address nor a prefix. */
export function prefixesOverlap(one: string, other: string): boolean {
  return liesWithin(one, other) || liesWithin(other, one);
}

export function isAddress({ family, length }: Prefix): boolean {
  return length === (family === 4 ? 32 : 128);
}

function parseAddress4(text: string): bigint | undefined {
  const octets = text.split(".");
  if (octets.length !== 4 || octets.some((octet) => !/^(0|[1-9]\d{0,2})$/.test(octet) || Number(octet) > 255)) return undefined;
  return octets.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n);
}

function parseAddress6(text: string): bigint | undefined {
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const before = parseGroups(head);
  const after = tail === undefined ? [] : parseGroups(tail);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...before, ...new Array<bigint>(missing).fill(0n), ...after].reduce((value, group) => (value << 16n) | group, 0n);
}

/** Groups of 16 bits; the last two may be written as an IPv4 address. */
function parseGroups(text: string): readonly bigint[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const last = groups.at(-1) ?? "";
  const embedded = last.includes(".") ? parseAddress4(last) : undefined;
  const plain = embedded === undefined ? groups : groups.slice(0, -1);
  if (plain.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const values = plain.map((group) => BigInt(`0x${group}`));
  return embedded === undefined ? values : [...values, embedded >> 16n, embedded & 0xffffn];
}

function renderAddress4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join(".");
}

function renderAddress6(value: bigint): string {
  const groups = [7n, 6n, 5n, 4n, 3n, 2n, 1n, 0n].map((index) => ((value >> (index * 16n)) & 0xffffn).toString(16));
  const run = findLongestZeroRun(groups);
  if (run.length < 2) return groups.join(":");
  return `${groups.slice(0, run.start).join(":")}::${groups.slice(run.start + run.length).join(":")}`;
}

function findLongestZeroRun(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, index) => {
    if (group !== "0") start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  });
  return best;
}
