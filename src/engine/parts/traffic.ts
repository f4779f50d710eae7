/** Joins an ISC's declared traffic to the firewall: names and other ISCs become addresses, addresses become elements. */

import type { Digest } from "../../model/digest.ts";
import { serviceOf } from "../../model/instance.ts";
import { type IscRecord, identityOf, instancesOf } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { NetworkPolicy } from "../../model/network.ts";
import type { NftElement } from "../../render/nft-ruleset-elements.ts";
import type { Engine } from "../engine.ts";
import { recordsOf } from "../lifecycle/beside.ts";
import { stackOf } from "../stack/membership.ts";
import { type AddressBook, elementsOfIsc, elementsOfMember } from "./firewall.ts";
import { findProcess } from "./process.ts";

export function addressBook(engine: Engine): AddressBook {
  return {
    ofName: (name) => engine.names.addressesOf(name),
    ofIsc: (name) => {
      const target = engine.iscs.find(name);
      // A stack says itself who may reach its members.
      if (!target || target.stack) return [];
      // Those beside too: who looked the name up a moment ago may still be on its way to one that had it.
      return instancesOf(target).flatMap((instance) => {
        const { address, address6 } = identityOf(engine.dock, instance);
        return [address, address6];
      });
    },
  };
}

export function namesIn(policy: NetworkPolicy): readonly string[] {
  return policy.connect.flatMap((connection) => (connection.kind === "name" ? [connection.host] : []));
}

/** Asks for names that were never resolved; the dock's clock keeps the others fresh. */
export async function resolveConnections(engine: Engine, policy: NetworkPolicy): Promise<void> {
  const unknown = namesIn(policy).filter((name) => engine.names.addressesOf(name).length === 0);
  if (unknown.length > 0) await engine.names.refresh(unknown);
}

/** Safe to repeat; touches no other ISC's connections. Throws NftError. */
export function ensureTraffic(engine: Engine, record: IscRecord, policy: NetworkPolicy): void {
  engine.firewall.set(record.name, trafficOf(engine, record, policy));
}

/**
 * The elements that an ISC needs.
 * @param policy of its own blueprint: for one that is part of a stack the stack's flows hold instead
 */
export function trafficOf(engine: Engine, record: IscRecord, policy: NetworkPolicy): readonly NftElement[] {
  const { stack: membership } = record;
  if (!membership) return elementsOfIsc(engine.dock, record, policy, addressBook(engine));
  const stack = stackOf(engine, record);
  // Without its stack nobody knows what it may: then it may nothing.
  if (!stack) return elementsOfIsc(engine.dock, record, { listen: [], expose: [], connect: [] }, addressBook(engine));
  const outside = (host: string) => engine.stackNames.addressesOf(serviceOf(record.name), host);
  return elementsOfMember(engine.dock, record, { stack, membership, outside, resolver: engine.stackNames.addresses });
}

/** Every instance of one ISC, as far as its elements are loaded. Throws NftError. */
export async function refreshTrafficOf(engine: Engine, name: Name): Promise<void> {
  await engine.locks.run(`traffic ${name}`, async () => {
    const listInstances = () => {
      const record = engine.iscs.find(name);
      return record ? recordsOf(record) : [];
    };
    const policies = new Map<Digest, NetworkPolicy | undefined>();
    for (const { image } of listInstances()) policies.set(image, (await engine.images.findManifest(image))?.posture.network);
    // From here on nothing is waited for: it may have come into quarantine meanwhile.
    for (const instance of listInstances()) {
      const policy = policies.get(instance.image);
      const isLoaded = engine.firewall.elementsOf(instance.name).length > 0;
      if (policy && isLoaded) ensureTraffic(engine, instance, policy);
    }
  });
}

/** Another ISC has come or gone: those running that may connect to it get its addresses, or lose them. */
export async function refreshDependents(engine: Engine, changed: Name): Promise<void> {
  await refreshWhere(engine, (policy) => policy.connect.some((connection) => connection.kind === "isc" && connection.isc === changed));
}

/** Brings the firewall up to date for every running ISC whose policy is meant. Throws NftError. */
export async function refreshWhere(engine: Engine, isMeant: (policy: NetworkPolicy) => boolean): Promise<void> {
  for (const record of engine.iscs.list()) {
    if (record.desired !== "running") continue;
    const policy = (await engine.images.findManifest(record.image))?.posture.network;
    if (!policy || record.stack || !isMeant(policy)) continue;
    await engine.locks.run(record.name, async () => {
      const current = engine.iscs.find(record.name);
      if (current && findProcess(engine, record.name)) ensureTraffic(engine, current, policy);
    });
  }
}
