/** In which order the members of a stack are started: whoever is connected to before whoever connects, as far as flows go round in no circle. */
import type { Name } from "../../model/name.ts";
import type { StackRecord } from "../../model/stack.ts";

/** Members that may be started at the same time, one group after the other. */
export function startOrder({ members, flows }: Pick<StackRecord, "members" | "flows">): readonly (readonly Name[])[] {
  const waiting = new Set(Object.keys(members) as Name[]);
  const needs = new Map([...waiting].map((name) => [name, new Set<Name>()]));
  for (const { from, to } of flows) if (from !== "dock" && to.kind === "isc" && to.isc !== from) needs.get(from)?.add(to.isc);
  const groups: Name[][] = [];
  while (waiting.size > 0) {
    const ready = [...waiting].filter((name) => ![...(needs.get(name) ?? [])].some((needed) => waiting.has(needed)));
    // A circle: somebody has to be first.
    const group = ready.length > 0 ? ready : [...waiting];
    for (const name of group) waiting.delete(name);
    groups.push(group);
  }
  return groups;
}
