/** What the dock's table looks like right after loading, learnt from the kernel itself: loaded in a network namespace of its own, listed, gone. */
import { Nftables } from "../../host/kernel/nftables.ts";
import { tableName } from "../../model/identity.ts";
import type { Engine } from "../engine.ts";

/** Nothing of the machine's own network is touched. Throws KernelError, NftError. */
export function listReferenceTable({ host, layout, dock, firewall }: Pick<Engine, "host" | "layout" | "dock" | "firewall">): unknown {
  const { namespaces } = host.kernel;
  const pin = `${layout.run}/verify-net`;
  try {
    return namespaces.createNetworkNamespace(pin, () => {
      using nftables = new Nftables();
      nftables.run(firewall.base);
      return nftables.runJson(`list table inet ${tableName(dock)}`);
    });
  } finally {
    namespaces.removeNetworkNamespace(pin);
  }
}
