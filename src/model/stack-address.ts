/**
 * Addresses on a stack's network. The lower half of its IPv4 prefix belongs to instances, whose address follows from their slot; the upper
 * half to service addresses, which have numbers that stay. So nothing but a slot and a number is ever written down.
 */
import { parsePrefix, renderPrefix } from "../base/ip-prefix.ts";
import type { NetworkRange } from "./stack.ts";

export interface AddressPair {
  readonly address: string;
  readonly address6: string;
}

/** First host number of instances: 0 is the network's own address, 1 the gateway. */
const firstInstance = 2n;

/** How many instances, and how many service addresses, a prefix has room for. */
export function roomOf({ subnet }: Pick<NetworkRange, "subnet">): { readonly instances: number; readonly services: number } {
  const half = sizeOf(subnet) / 2n;
  return { instances: Number(half - firstInstance), services: Number(half - 1n) };
}

/** Slots of the same place cannot both be on the network. */
export function placeOfSlot(range: Pick<NetworkRange, "subnet">, slot: number): number {
  return slot % roomOf(range).instances;
}

export function instanceAddress(range: NetworkRange, slot: number): AddressPair {
  return {
    address: at(range.subnet, firstInstance + BigInt(placeOfSlot(range, slot))),
    address6: spell(`${range.prefix6}::${(slot + 1).toString(16)}`),
  };
}

/** @param number from 0, below `roomOf(range).services` */
export function serviceAddress(range: NetworkRange, number: number): AddressPair {
  return {
    address: at(range.subnet, sizeOf(range.subnet) / 2n + BigInt(number)),
    address6: spell(`${range.prefix6}:1::${(number + 1).toString(16)}`),
  };
}

/** All service addresses of a network. */
export function serviceRanges(range: NetworkRange): { readonly services: string; readonly services6: string } {
  const length = (parsePrefix(range.subnet)?.length ?? 31) + 1;
  return { services: `${at(range.subnet, sizeOf(range.subnet) / 2n)}/${length}`, services6: `${spell(`${range.prefix6}:1::`)}/80` };
}

/** All its addresses: "10.202.1.0/24" and "fd15:c0b1:b12:1::/64". */
export function prefixesOf({ subnet, prefix6 }: Pick<NetworkRange, "subnet" | "prefix6">): readonly [string, string] {
  return [subnet, `${prefix6}::/64`];
}

export function gatewayOf({ subnet }: Pick<NetworkRange, "subnet">): string {
  return at(subnet, 1n);
}

function sizeOf(subnet: string): bigint {
  return 1n << BigInt(32 - (parsePrefix(subnet)?.length ?? 32));
}

function at(subnet: string, number: bigint): string {
  return renderPrefix({ family: 4, base: (parsePrefix(subnet)?.base ?? 0n) + number, length: 32 });
}

/** As the kernel writes it back (RFC 5952). */
function spell(address: string): string {
  const prefix = parsePrefix(address);
  return prefix ? renderPrefix(prefix) : address;
}
