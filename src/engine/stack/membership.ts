/** What the dock's stacks say: of an ISC, and of who has which addresses. */
import type { IscRecord } from "../../model/isc.ts";
import type { NetworkRange, StackRecord } from "../../model/stack.ts";
import { rangesOf } from "../../model/stack-flows.ts";
import type { Engine } from "../engine.ts";

export function stackOf({ stacks }: Pick<Engine, "stacks">, { stack }: Pick<IscRecord, "stack">): StackRecord | undefined {
  return stack && stacks.find(stack.stack);
}

/** The networks that its next instance is to be on; undefined for one that is part of no stack. */
export function networksOf(engine: Pick<Engine, "stacks">, record: IscRecord): readonly NetworkRange[] | undefined {
  const stack = stackOf(engine, record);
  const member = record.stack && stack?.members[record.stack.member];
  return stack && member ? rangesOf(stack, member.networks) : record.networks;
}

/** The networks of every stack. */
export function allRanges({ stacks }: Pick<Engine, "stacks">): readonly NetworkRange[] {
  return stacks.list().flatMap(({ networks }) => Object.values(networks));
}
