/** What the rest of the engine asks of stacks while ISCs live: who serves now, and which names mean what. */
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { StackRecord } from "../../model/stack.ts";
import type { NftElement } from "../../render/nft-ruleset-elements.ts";
import type { StackInstance } from "../../render/stack-elements.ts";

export interface StackTrafficPart {
  /** Instances that a dock finds running when it starts. */
  adopt(names: readonly Name[]): void;
  /** After whatever may have changed who serves. Does nothing for an ISC that is part of no stack. Throws NftError. */
  refreshOf(record: Pick<IscRecord, "stack">): void;
  /** One transaction; nothing when nothing has changed. Throws NftError. */
  refresh(stack: StackRecord): void;
  elementsOf(stack: StackRecord): readonly NftElement[];
  /** The instances that have the names of a stack's ISCs now. */
  instancesOf(stack: StackRecord): readonly StackInstance[];
}

export interface StackNamesPart extends AsyncDisposable {
  /** Of the resolver: IPv4, IPv6. */
  readonly addresses: readonly string[];
  /** What an ISC has been told for a name of the outside, as long as it holds. */
  addressesOf(isc: Name, host: string): readonly string[];
  /** After whatever may have changed what somebody may ask. Safe to repeat. */
  ensure(): Promise<void>;
}
