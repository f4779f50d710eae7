/** Which number each member and each of its ISCs has among the service addresses: kept over edits, so that no name ever means another. */
import { Problem } from "../../base/problem.ts";
import type { Name } from "../../model/name.ts";
import type { NetworkRange, RecordedMember, StackRecord } from "../../model/stack.ts";
import { roomOf } from "../../model/stack-address.ts";
import { labelsOf } from "../../model/stack-flows.ts";

type Members = Pick<StackRecord, "name" | "members">;

/** Throws Problem NETWORK_FULL when a network is too small for all that are on it. */
export function numberServices(stack: Members & Pick<StackRecord, "networks">, before: StackRecord["addresses"]): StackRecord["addresses"] {
  const labels = Object.keys(stack.members).flatMap((member) => labelsOf(stack, member as Name));
  const kept = Object.fromEntries(labels.flatMap((label) => (before[label] === undefined ? [] : [[label, before[label]]])));
  const used = new Set(Object.values(kept));
  let next = 0;
  for (const label of labels) {
    if (kept[label] !== undefined) continue;
    while (used.has(next)) next++;
    kept[label] = next;
    used.add(next);
  }
  for (const range of Object.values(stack.networks)) assertRoom(stack, range, kept);
  return kept;
}

function assertRoom(stack: Members, range: NetworkRange, numbers: StackRecord["addresses"]): void {
  const on = (Object.entries(stack.members) as [Name, RecordedMember][]).filter(([, { networks }]) => networks.includes(range.name));
  const instances = on.reduce((sum, [, { count = 1 }]) => sum + count, 0);
  const highest = Math.max(-1, ...on.flatMap(([member]) => labelsOf(stack, member)).map((label) => numbers[label] ?? 0));
  const room = roomOf(range);
  // One more, for the fresh instance of a cleanse.
  if (instances + 1 <= room.instances && highest < room.services) return;
  throw new Problem(
    "NETWORK_FULL",
    `cannot put ${instances} ISCs on network ${range.name} of ${stack.name}: ${range.subnet} has room for ${Math.max(0, Math.min(room.instances - 1, room.services))}`,
    { hint: "a shorter prefix, such as /22, has more" },
  );
}
