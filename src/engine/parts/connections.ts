/** Connections that the kernel tracks through the firewall. */

import { liesWithin } from "../../base/ip-prefix.ts";
import { hasErrorCode } from "../../host/kernel/libc.ts";
import { isAddressOfDock } from "../../model/identity.ts";
import { type Instance, identityOf } from "../../model/isc.ts";
import { prefixesOf } from "../../model/stack-address.ts";
import { StrayConnections } from "../../plan/watch/stray-connection.ts";
import type { Engine } from "../engine.ts";
import { allRanges } from "../stack/membership.ts";

/** What a kernel without nf_conntrack_netlink answers. */
const notInKernel = ["EOPNOTSUPP", "EINVAL", "EPROTONOSUPPORT"];

/**
 * Takes an instance's connections out of the kernel's table, so that none of them passes the firewall by being known. A kernel without
 * nf_conntrack_netlink keeps them: their clients wait in vain. Throws KernelError.
 */
export function forgetConnections({ host, dock }: Engine, instance: Instance): void {
  const { interfaces } = identityOf(dock, instance);
  try {
    host.kernel.conntrack.forgetConnections(interfaces.flatMap(({ address, address6 }) => [address, address6]));
  } catch (error) {
    if (!hasErrorCode(error, ...notInKernel)) throw error;
  }
}

/**
 * After the firewall's table was gone or other than it should be: takes out of the kernel's memory what came about meanwhile and would not
 * have been let through. What is allowed stays. Answers how many; 0 where the kernel cannot be asked. Throws KernelError.
 */
export function forgetStrayConnections(engine: Engine): number {
  const { host, firewall, dock } = engine;
  const { conntrack, rtnetlink } = host.kernel;
  using socket = new rtnetlink.Rtnetlink();
  const own = new Set(socket.listAddresses().map(({ address }) => address));
  const ranges = allRanges(engine).flatMap(prefixesOf);
  const strays = new StrayConnections({
    elements: firewall.elements,
    isOfDock: remember((address) => isAddressOfDock(dock, address) || ranges.some((range) => liesWithin(address, range))),
    isOfHost: (address) => own.has(address) || address.startsWith("127."),
    isWithin: liesWithin,
  });
  try {
    return conntrack.forgetConnectionsWhere((connection) => strays.has(connection));
  } catch (error) {
    if (hasErrorCode(error, ...notInKernel)) return 0;
    throw error;
  }
}

/** The same few addresses come again with each connection. */
function remember(ask: (address: string) => boolean): (address: string) => boolean {
  const known = new Map<string, boolean>();
  return (address) => {
    const answer = known.get(address) ?? ask(address);
    known.set(address, answer);
    return answer;
  };
}
