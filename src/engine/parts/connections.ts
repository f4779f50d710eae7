/** Connections that the kernel tracks through the firewall. */
import { hasErrorCode } from "../../host/kernel/libc.ts";
import { type Instance, identityOf } from "../../model/isc.ts";
import type { Engine } from "../engine.ts";

/**
 * Takes an instance's connections out of the kernel's table, so that none of them passes the firewall by being known. A kernel without
 * nf_conntrack_netlink keeps them: their clients wait in vain. Throws KernelError.
 */
export function forgetConnections({ host, dock }: Engine, instance: Instance): void {
  const { interfaces } = identityOf(dock, instance);
  try {
    host.kernel.conntrack.forgetConnections(interfaces.flatMap(({ address, address6 }) => [address, address6]));
  } catch (error) {
    if (!hasErrorCode(error, "EOPNOTSUPP", "EINVAL", "EPROTONOSUPPORT")) throw error;
  }
}
