/** A directory seen under an ISC's own uid range, where nothing is executable: how scratch and volumes come to an ISC. */
import type { Host } from "../host/host.ts";
import type { IdMap } from "../host/kernel/user-namespace.ts";

export interface IdMapping {
  readonly idMap: IdMap;
  /** A user namespace that has this map; without it one is made for the call. */
  readonly userNamespaceFd?: number;
}

/** Mounts `source` on `target`: owners mapped, nosuid, nodev, noexec, private. Throws KernelError. */
export async function mountIdmapped(host: Host, source: string, target: string, mapping: IdMapping): Promise<void> {
  const { mounts, userNamespaces } = host.kernel;
  const clone = async (userNamespaceFd: number) =>
    mounts.cloneMountWithIdmap({ source, target, userNamespaceFd, noSuid: true, noDev: true, noExec: true });
  if (mapping.userNamespaceFd !== undefined) await clone(mapping.userNamespaceFd);
  else await userNamespaces.lend(mapping.idMap, clone);
}
