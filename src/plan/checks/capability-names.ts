/** Capabilities by number; linux/capability.h. Pure. */

import { linuxCapabilities } from "../../model/linux-capabilities.ts";

/** The names behind a bit mask, such as CAP_NET_BIND_SERVICE; a bit nobody knows yet is named by its number. */
export function capabilityNames(mask: bigint): readonly string[] {
  const found: string[] = [];
  for (let bit = 0; bit < 64; bit += 1) if ((mask >> BigInt(bit)) & 1n) found.push(`CAP_${linuxCapabilities[bit] ?? bit}`);
  return found;
}

/** Names that are none are left out. */
export function capabilityMask(wanted: readonly string[]): bigint {
  return wanted.reduce((mask, name) => {
    const bit = linuxCapabilities.findIndex((known) => `CAP_${known}` === name);
    return bit < 0 ? mask : mask | (1n << BigInt(bit));
  }, 0n);
}
