/** A whole test of networks: makes the host outside, plans, sends, and leaves nothing behind. */

import { isAddress, isWithin, parsePrefix, renderPrefix } from "../../base/ip-prefix.ts";
import type { NetworkProbe } from "../../model/stack-view.ts";
import type { AllowedDestination, OutsideEnd, ProbeEnds } from "../../plan/stack/probe-model.ts";
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
  return await runProbes(host, planProbes(all), { ends: all, outside, pinOf, book });
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
  const near = [outside.address, outside.address6].find((one) => {
    const address = one === undefined ? undefined : parsePrefix(one);
    return address !== undefined && isWithin(address, prefix);
  });
  if (near !== undefined) return { ...destination, address: near };
  const second = { ...prefix, base: prefix.base + 1n, length: prefix.family === 4 ? 32 : 128 };
  const isOwn = ownNetworks.some((text) => {
    const own = parsePrefix(text);
    return own !== undefined && isWithin(second, own);
  });
  return isOwn ? undefined : { ...destination, address: renderPrefix(second) };
}
