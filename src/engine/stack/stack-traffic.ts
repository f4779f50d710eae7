/** Which instances of each stack serve now, and the firewall elements that follow: brought up to date whenever one comes, goes or turns ill. */
import { type IscRecord, identityOf } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { StackRecord } from "../../model/stack.ts";
import { wantedIscs } from "../../plan/stack/diff-stack.ts";
import type { NftElement } from "../../render/nft-ruleset-elements.ts";
import { listStackElements, type StackInstance } from "../../render/stack-elements.ts";
import type { Engine } from "../engine.ts";
import type { ElementOwner } from "../parts/firewall.ts";
import type { Watcher } from "../watch/watcher.ts";
import { stackOf } from "./membership.ts";
import type { StackTrafficPart } from "./stack-parts.ts";

/** Under which the firewall keeps a stack's elements. */
export function ownerOf(stack: Name): ElementOwner {
  return `stack ${stack}`;
}

export class StackTraffic implements StackTrafficPart, Watcher {
  readonly name = "stack traffic";
  readonly #engine: () => Engine;
  /** Instances that are ready and not about to end, by the name that watchers know them under. */
  readonly #ready = new Set<Name>();

  /** @param engine which holds this object */
  constructor(engine: () => Engine) {
    this.#engine = engine;
  }

  onStarted({ record }: { readonly record: IscRecord }): void {
    this.#ready.add(record.name);
    this.refreshOf(record);
  }

  /** Nobody answers there any more: what comes next goes to the others. */
  onExited(name: Name): void {
    this.onStopping(name);
  }

  onStopping(name: Name): void {
    if (!this.#ready.delete(name)) return;
    const record = this.#engine().iscs.find(name);
    if (record) this.refreshOf(record);
  }

  onStopped(name: Name): void {
    this.onStopping(name);
  }

  /** Instances that a dock finds running when it starts. */
  adopt(names: readonly Name[]): void {
    for (const name of names) this.#ready.add(name);
  }

  /** After whatever may have changed who serves. Does nothing for an ISC that is part of no stack. Throws NftError. */
  refreshOf(record: Pick<IscRecord, "stack">): void {
    const stack = stackOf(this.#engine(), record);
    if (stack) this.refresh(stack);
  }

  /** One transaction; nothing when nothing has changed. Throws NftError. */
  refresh(stack: StackRecord): void {
    this.#engine().firewall.set(ownerOf(stack.name), this.elementsOf(stack));
  }

  elementsOf(stack: StackRecord): readonly NftElement[] {
    return stack.desired !== "up" ? [] : listStackElements(stack, this.instancesOf(stack));
  }

  /** The instances that have the names of a stack's ISCs now. */
  instancesOf(stack: StackRecord): readonly StackInstance[] {
    const { iscs, dock, layout, conditions } = this.#engine();
    const wanted = new Set(wantedIscs(stack).map(({ name }) => name));
    return iscs.list().flatMap((record): readonly StackInstance[] => {
      if (record.stack?.stack !== stack.name || !wanted.has(record.name)) return [];
      const parts = layout.parts(record.name);
      return [
        {
          isc: record.name,
          member: record.stack.member,
          interfaces: identityOf(dock, record).interfaces,
          serving: this.#ready.has(parts) && record.quarantine === undefined && record.desired === "running",
          ill: conditions.healthOf(parts)?.well === false,
        },
      ];
    });
  }
}
