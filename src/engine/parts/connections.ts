/** Connections that the kernel tracks through the firewall. */
import { hasErrorCode } from "../../host/kernel/libc.ts";
import { identityOfSlot } from "../../model/identity.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Engine } from "../engine.ts";

/**
 * Takes an instance's connections out of the kernel's table, so that none of them passes the firewall by being known. A kernel without
 * nf_conntrack_netlink keeps them: their clients wait in vain. Throws KernelError.
 */
export function forgetConnections({ host, dock }: Engine, { slot }: Pick<IscRecord, "slot">): void {
  const { address, address6 } = identityOfSlot(dock, slot);
  try {
    host.kernel.conntrack.forgetConnections([address, address6]);
  } catch (error) {
    if (!hasErrorCode(error, "EOPNOTSUPP", "EINVAL", "EPROTONOSUPPORT")) throw error;
  }
}
