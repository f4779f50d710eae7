/** What follows from a stack's flows: which networks and service addresses they use, and which names an ISC may ask for. */
import type { Name } from "./name.ts";
import { type Flow, iscsOfMember, type NetworkRange, type RecordedMember, type StackRecord } from "./stack.ts";
import { type AddressPair, serviceAddress } from "./stack-address.ts";

/** The first network of a member that leads outside. */
export function wayOut(stack: StackRecord, member: Pick<RecordedMember, "networks">): NetworkRange | undefined {
  return rangesOf(stack, member.networks).find(({ uplink }) => uplink !== undefined);
}

export function rangesOf({ networks }: Pick<StackRecord, "networks">, names: RecordedMember["networks"]): readonly NetworkRange[] {
  return names.flatMap((name) => networks[name] ?? []);
}

/** The networks that a flow between members uses. */
export function networksOfFlow(stack: StackRecord, { from, to, network }: Flow): readonly NetworkRange[] {
  if (to.kind !== "isc") return [];
  const target = stack.members[to.isc]?.networks ?? [];
  if (from === "dock") return rangesOf(stack, target.slice(0, 1));
  const own = stack.members[from]?.networks ?? [];
  return rangesOf(
    stack,
    target.filter((name) => own.includes(name) && (network === undefined || name === network)),
  );
}

/** Service addresses that a flow opens, by network: the member's, and those of each of its ISCs. */
export function reachableBy(
  stack: StackRecord,
  flow: Flow,
): readonly { readonly range: NetworkRange; readonly addresses: readonly string[] }[] {
  const { to } = flow;
  if (to.kind !== "isc") return [];
  return networksOfFlow(stack, flow).map((range) => ({
    range,
    addresses: labelsOf(stack, to.isc).flatMap((label) => {
      const pair = serviceOf(stack, range, label);
      return pair ? [pair.address, pair.address6] : [];
    }),
  }));
}

/** What of a member has a service address: itself, and each of its ISCs where it has a count. */
export function labelsOf(stack: Pick<StackRecord, "name" | "members">, member: Name): readonly string[] {
  const count = stack.members[member]?.count;
  return count === undefined ? [member] : [member, ...iscsOfMember(stack.name, member, count)];
}

export function serviceOf(stack: Pick<StackRecord, "addresses">, range: NetworkRange, label: string): AddressPair | undefined {
  const number = stack.addresses[label];
  return number === undefined ? undefined : serviceAddress(range, number);
}

/** A name that an ISC may ask for, and what it means. */
export interface StackName {
  /** The first is whole (app.back.isc), the others shorter. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

/** The names that a member may reach. The short ones mean the first network that leads there. */
export function namesFor(stack: StackRecord, member: Name): readonly StackName[] {
  const wholes = new Map<string, AddressPair>();
  const flows = stack.flows.filter(({ from }) => from === member);
  for (const { label, range } of flows.flatMap((flow) => endsOfFlow(stack, flow))) {
    const pair = serviceOf(stack, range, label);
    if (pair) wholes.set(`${shortName(stack, label)}.${range.name}.isc`, pair);
  }
  const taken = new Set<string>();
  return [...wholes].map(([whole, { address, address6 }]) => {
    const [short = ""] = whole.split(".");
    const isFirst = taken.size < taken.add(short).size;
    return { names: [whole, ...(isFirst ? [`${short}.isc`, short] : [])], addresses: [address, address6] };
  });
}

function endsOfFlow(stack: StackRecord, flow: Flow): readonly { readonly label: string; readonly range: NetworkRange }[] {
  const { to } = flow;
  if (to.kind !== "isc") return [];
  return networksOfFlow(stack, flow).flatMap((range) => labelsOf(stack, to.isc).map((label) => ({ label, range })));
}

/** Without the stack's name: app, app-1. */
function shortName({ name }: Pick<StackRecord, "name">, label: string): string {
  return label.startsWith(`${name}-`) ? label.slice(name.length + 1) : label;
}
