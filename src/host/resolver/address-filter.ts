/** Which addresses an outside name may lead to. Whoever owns the name chooses them, so they must not lead back inside (DNS rebinding). */
import { BlockList, isIP } from "node:net";
import { parseIpAddress } from "../kernel/network-address.ts";

/** Ranges that are never elsewhere: this host, its links, everybody at once, and IPv4 addresses in another dress (RFC 6890). */
const specialRanges = [
  ...["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"],
  ...["::/96", "::ffff:0:0/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fe80::/10", "fec0::/10", "ff00::/8"],
];

/**
 * @param ownRanges prefixes or addresses that only flows lead to: the networks of the dock, its own addresses
 * @returns whether an ISC may be sent to an address; private ones (RFC 1918, RFC 4193) are the operator's to name. Throws TypeError on a range that is none.
 */
export function createAddressFilter(ownRanges: readonly string[]): (address: string) => boolean {
  // One for each family: a list that holds ::ffff:0:0/96 would hold every IPv4 address.
  const closed = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const range of [...specialRanges, ...ownRanges]) {
    const [address = "", length] = range.split("/");
    const { bytes } = parseIpAddress(address);
    const family = familyOf(address);
    closed[family].addSubnet(address, length === undefined ? bytes.length * 8 : Number(length), family);
  }
  return (address) => isIP(address) !== 0 && !address.includes("%") && !isIn(closed, address);
}

function isIn(closed: Readonly<Record<"ipv4" | "ipv6", BlockList>>, address: string): boolean {
  const family = familyOf(address);
  return closed[family].check(address, family);
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}
