/** Names for the ISCs of stacks: where they ask, and which addresses of the outside each has been told and may therefore reach. */

import type { DockIdentity } from "../../model/identity.ts";
import { identityOfSlot, resolverSlot } from "../../model/identity.ts";
import type { Name } from "../../model/name.ts";

export class StackNames {
  /** Of the resolver: IPv4, IPv6. */
  readonly addresses: readonly string[];
  readonly #told = new Map<Name, Map<string, readonly string[]>>();

  constructor(dock: DockIdentity) {
    const { address, address6 } = identityOfSlot(dock, resolverSlot);
    this.addresses = [address, address6];
  }

  /** Answers are given as long as a stack is up. Safe to repeat. */
  async ensure(): Promise<void> {}

  /** What an ISC has been told for a name, as long as it holds. */
  addressesOf(isc: Name, host: string): readonly string[] {
    return this.#told.get(isc)?.get(host) ?? [];
  }
}
