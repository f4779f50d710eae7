/** The network of the dock's resolver: a namespace of its own, joined like an ISC's, in which nothing but questions comes in. */
import { dirname } from "node:path";
import { Nftables } from "../../host/kernel/nftables.ts";
import { type DockIdentity, identityOfSlot, resolverSlot, type SlotIdentity } from "../../model/identity.ts";
import { liveMode } from "../../model/layout.ts";
import { renderResolverRuleset } from "../../render/nft-resolver.ts";
import { listNftElements, type NftElement } from "../../render/nft-ruleset-elements.ts";
import type { Engine } from "../engine.ts";
import { findMount, unmountFrom } from "../mount-table.ts";
import { resolverOwner } from "../parts/firewall.ts";
import { ensureLinks } from "../parts/network.ts";

export function resolverIdentity(dock: DockIdentity): SlotIdentity {
  return identityOfSlot(dock, resolverSlot);
}

export function resolverPin({ layout }: Pick<Engine, "layout">): string {
  return `${layout.run}/resolver-net`;
}

/** It hears questions, and neither the host nor itself begins anything. */
export function resolverElements(dock: DockIdentity): readonly NftElement[] {
  const { interfaces } = resolverIdentity(dock);
  const listen = [
    { port: 53, protocol: "udp" },
    { port: 53, protocol: "tcp" },
  ] as const;
  return listNftElements({ interfaces, listen, hosted: [], exposures: [], connections: [] });
}

/**
 * This program's own folder where the resolver's user can reach it, whatever directory it lies in: a read-only view in the dock's mount
 * namespace. Safe to repeat. Throws KernelError.
 */
export async function ensureProgramView({ host, layout, libexec }: Engine): Promise<string> {
  const view = `${layout.run}/program`;
  if (findMount(host, view)) return view;
  const { mounts } = host.kernel;
  await host.files.makeDirectory(view, liveMode);
  mounts.mount(dirname(libexec), view, "", mounts.MS_BIND);
  mounts.mount("", view, "", mounts.MS_BIND | mounts.MS_REMOUNT | mounts.MS_RDONLY | mounts.MS_NOSUID | mounts.MS_NODEV);
  return view;
}

export async function removeProgramView({ host, layout }: Engine): Promise<void> {
  unmountFrom(host, `${layout.run}/program`);
  await host.files.removeEmptyDirectory(`${layout.run}/program`);
}

/** Safe to repeat. Throws KernelError, NftError. */
export function ensureResolverNetwork(engine: Engine): void {
  const pin = resolverPin(engine);
  ensureLinks(engine, { pin, interfaces: resolverIdentity(engine.dock).interfaces, networks: [] });
  engine.host.kernel.namespaces.withNetworkNamespace(pin, () => {
    using nftables = new Nftables();
    nftables.run(renderResolverRuleset());
  });
  engine.firewall.set(resolverOwner, resolverElements(engine.dock));
}

/** Safe to repeat. Throws KernelError, NftError. */
export function removeResolverNetwork(engine: Engine): void {
  engine.firewall.remove(resolverOwner);
  engine.host.kernel.namespaces.removeNetworkNamespace(resolverPin(engine));
}
