/** A whole test of networks: makes the host outside, plans, sends, and leaves nothing behind. */

import { isAddress, isWithin, liesWithin, parsePrefix, renderPrefix } from "../../base/ip-prefix.ts";
import type { NetworkProbe } from "../../model/stack-view.ts";
import { type AllowedDestination, type OutsideEnd, outsideEnd, type ProbeEnds } from "../../plan/stack/probe-model.ts";
import { planProbes } from "../../plan/stack/probes.ts";
import type { ProbeBook } from "../../plan/watch/probe-book.ts";
import { OutsideHost, type OutsidePlace, type TestHost } from "./outside-host.ts";
import { runProbes } from "./run-probes.ts";
import { spellEnds } from "./spelled-ends.ts";
import type { FindPin } from "./test-places.ts";

export interface NetworkTest {
  /** Its destinations may be prefixes. */
  readonly ends: Omit<ProbeEnds, "outside">;
  /** Prefixes of this dock: a destination that is a prefix never means them. */
  readonly ownNetworks: readonly string[];
  readonly pinOf: FindPin;
  readonly outside: OutsidePlace;
  readonly book: ProbeBook;
}

/** One at a time for each place of the outside. Destinations to which the host has no way are not tried. Throws KernelError. */
export async function testNetworks(
  host: TestHost,
  { ends, ownNetworks, pinOf, book, ...test }: NetworkTest,
): Promise<readonly NetworkProbe[]> {
  using outside = new OutsideHost(host, test.outside);
  const hasWay = ({ address }: AllowedDestination) => host.kernel.probeSocket.findSourceAddress(address) !== undefined;
  const destinations = ends.destinations.flatMap((one) => concreteDestination(one, outside.end, ownNetworks) ?? []).filter(hasWay);
  const all = { ...spellEnds(ends), destinations, outside: outside.end };
  const probes = await runProbes(host, planProbes(all), { ends: all, outside, pinOf, book });
  const silent = listSilent(host, destinations);
  return probes.filter(
    ({ to, what, expected, seen }) => to !== outsideEnd || expected === seen || !silent.some((address) => what.endsWith(`(${address})`)),
  );
}

/** Neighbours of the host that do not answer: what is for them never leaves, whatever the firewall says. */
function listSilent({ kernel }: TestHost, destinations: readonly AllowedDestination[]): readonly string[] {
  using socket = new kernel.rtnetlink.Rtnetlink();
  const nearby = socket.listAddresses().map(({ address, prefixLength }) => parsePrefix(`${address}/${prefixLength}`));
  const heard = new Set(socket.listNeighbours().map(({ address }) => address));
  const isNear = (address: string) => {
    const own = parsePrefix(address);
    return nearby.some((prefix) => own !== undefined && prefix !== undefined && !isAddress(prefix) && isWithin(own, prefix));
  };
  return destinations.map(({ address }) => address).filter((address) => isNear(address) && !heard.has(address));
}

/** Of a prefix the host outside where it is in it, else its second address; undefined for what lies in the dock's own networks. */
export function concreteDestination(
  destination: AllowedDestination,
  outside: OutsideEnd,
  ownNetworks: readonly string[],
): AllowedDestination | undefined {
  const prefix = parsePrefix(destination.address);
  if (!prefix) return undefined;
  if (isAddress(prefix)) return { ...destination, address: renderPrefix(prefix) };
  const near = [outside.address, outside.address6].find((one) => one !== undefined && liesWithin(one, destination.address));
  if (near !== undefined) return { ...destination, address: near };
  const second = renderPrefix({ ...prefix, base: prefix.base + 1n, length: prefix.family === 4 ? 32 : 128 });
  return ownNetworks.some((own) => liesWithin(second, own)) ? undefined : { ...destination, address: second };
}
