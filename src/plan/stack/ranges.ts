/** Which addresses a stack's networks get: those it asks for, if nobody has them, or free ones of the dock's own. */
import { parsePrefix, prefixesOverlap, renderPrefix } from "../../base/ip-prefix.ts";
import { Problem } from "../../base/problem.ts";
import type { DockIdentity } from "../../model/identity.ts";
import type { Name } from "../../model/name.ts";
import type { NetworkDeclaration, NetworkRange } from "../../model/stack.ts";

export interface TakenRange {
  readonly prefix: string;
  /** "network back of stack shop", "a route of this host by docker0" */
  readonly who: string;
}

export interface RangesRequest {
  readonly dock: DockIdentity;
  readonly stack: Name;
  readonly declared: Readonly<Record<Name, NetworkDeclaration>>;
  /** What the stack has already: kept where the declaration allows. */
  readonly previous: Readonly<Record<Name, NetworkRange>>;
  readonly taken: readonly TakenRange[];
}

/** 510 instances and 511 service addresses. */
const usualLength = 22;
/** Addresses of the dock's network that its slots use. */
const slotAddresses = 4_096n;

/** Throws Problem NETWORK_TAKEN naming who has the range, or that the dock's own network has no room. */
export function chooseRanges({ dock, stack, declared, previous, taken }: RangesRequest): Readonly<Record<Name, NetworkRange>> {
  const held: TakenRange[] = [...taken, ...dockRanges(dock)];
  const chosen: Record<Name, NetworkRange> = {};
  // Those that say what they want come first, then those that have something: so that no free choice takes it from them.
  const order = (name: Name) => (declared[name]?.subnet !== undefined ? 0 : previous[name] ? 1 : 2);
  const names = (Object.keys(declared) as Name[]).toSorted((one, other) => order(one) - order(other));
  for (const name of names) {
    const declaration = declared[name] ?? {};
    const before = previous[name];
    const subnet =
      declaration.subnet ?? (before && !clashOf(before.subnet, held) ? before.subnet : freeSubnet(dock, held, { stack, name }));
    assertFree({ stack, name, range: subnet }, held);
    held.push({ prefix: subnet, who: `network ${name} of stack ${stack}` });
    const prefix6 = groupsOf(declaration.subnet6) ?? before?.prefix6 ?? freePrefix6(dock, held);
    assertFree({ stack, name, range: `${prefix6}::/64` }, held);
    held.push({ prefix: `${prefix6}::/64`, who: `network ${name} of stack ${stack}` });
    const { mtu, uplink } = declaration;
    chosen[name] = { name, subnet, prefix6, ...(mtu !== undefined && { mtu }), ...(uplink !== undefined && { uplink }) };
  }
  // In the order of the file.
  return Object.fromEntries((Object.keys(declared) as Name[]).flatMap((name) => (chosen[name] ? [[name, chosen[name]]] : [])));
}

function dockRanges(dock: DockIdentity): readonly TakenRange[] {
  const base = BigInt(dock.networkBase);
  return [
    { prefix: renderPrefix({ family: 4, base, length: 20 }), who: "the dock's ISCs that are part of no stack" },
    { prefix: `${dock.prefix6}::/64`, who: "the dock's ISCs that are part of no stack" },
  ];
}

interface Wanted {
  readonly stack: Name;
  readonly name: Name;
  readonly range: string;
}

function assertFree({ stack, name, range }: Wanted, held: readonly TakenRange[]): void {
  const clash = clashOf(range, held);
  if (!clash) return;
  throw new Problem("NETWORK_TAKEN", `cannot use ${range} for network ${name} of ${stack}: it overlaps ${clash.prefix}, ${clash.who}`, {
    hint: "choose another subnet, or leave it out and the dock takes a free one",
  });
}

function clashOf(range: string, held: readonly TakenRange[]): TakenRange | undefined {
  return held.find(({ prefix }) => prefixesOverlap(range, prefix));
}

function freeSubnet(dock: DockIdentity, held: readonly TakenRange[], { stack, name }: Omit<Wanted, "range">): string {
  const end = BigInt(dock.networkBase) + (1n << BigInt(32 - dock.prefixLength));
  const step = 1n << BigInt(32 - usualLength);
  for (let base = BigInt(dock.networkBase) + slotAddresses; base + step <= end; base += step) {
    const subnet = renderPrefix({ family: 4, base, length: usualLength });
    if (!clashOf(subnet, held)) return subnet;
  }
  throw new Problem("NETWORK_TAKEN", `cannot find a free /${usualLength} for network ${name} of ${stack} in the dock's own network`, {
    hint: "name one: subnet: 10.50.1.0/24, or give the dock a larger network (ISC_NET)",
  });
}

/** Below the dock's own /48: its first /64 is the dock's. */
function freePrefix6(dock: DockIdentity, held: readonly TakenRange[]): string {
  const site = dock.prefix6.split(":").slice(0, 3).join(":");
  for (let number = 2; number < 0xffff; number++) {
    const prefix6 = `${site}:${number.toString(16)}`;
    if (!clashOf(`${prefix6}::/64`, held)) return prefix6;
  }
  throw new Problem("NETWORK_TAKEN", "cannot find a free IPv6 /64: every one of the dock's /48 is in use");
}

/** "fd00:1:2:3::/64" → "fd00:1:2:3", zero groups written out. */
function groupsOf(subnet6: string | undefined): string | undefined {
  const prefix = subnet6 === undefined ? undefined : parsePrefix(subnet6);
  if (!prefix) return undefined;
  return [7n, 6n, 5n, 4n].map((group) => ((prefix.base >> (group * 16n)) & 0xffffn).toString(16)).join(":");
}
