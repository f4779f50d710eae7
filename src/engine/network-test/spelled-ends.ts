/** The ends of a test with every IPv6 address as the kernel writes it: what it tells is compared with them as text. */
import { parseIpAddress, renderIpAddress } from "../../host/kernel/network-address.ts";
import type { ProbeEnds } from "../../plan/stack/probe-model.ts";

interface Addresses {
  readonly address6?: string;
  readonly gateway6?: string;
}

/** Destinations, which may be prefixes, are left as they are. */
export function spellEnds<Ends extends Omit<ProbeEnds, "outside">>(ends: Ends): Ends {
  return {
    ...ends,
    iscs: ends.iscs.map((isc) => ({ ...isc, interfaces: isc.interfaces.map(spellAddresses) })),
    services: ends.services.map(spellAddresses),
    exposures: ends.exposures.map((one) => (one.address === undefined ? one : { ...one, address: spell(one.address) })),
    resolver: ends.resolver && spellAddresses(ends.resolver),
  };
}

function spellAddresses<T extends Addresses>(one: T): T {
  const { address6, gateway6 } = one;
  return {
    ...one,
    ...(address6 !== undefined && { address6: spell(address6) }),
    ...(gateway6 !== undefined && { gateway6: spell(gateway6) }),
  };
}

export function spell(address: string): string {
  return renderIpAddress(parseIpAddress(address).bytes);
}
