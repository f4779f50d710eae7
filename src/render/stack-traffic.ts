/** What one ISC of a stack may hear and say: the stack's flows and exposures, and nothing of what its own blueprint says of them. */
import type { ListenPort } from "../model/network.ts";
import type { Flow, Membership, RecordedMember, StackRecord } from "../model/stack.ts";
import { reachableBy, wayOut } from "../model/stack-flows.ts";
import type { IscTraffic, ResolvedConnection } from "./nft-ruleset-elements.ts";

/** Addresses that an ISC has been told for a name of the outside, as long as they hold. */
export type OutsideAddresses = (host: string) => readonly string[];

export type MemberTraffic = Pick<IscTraffic, "listen" | "hosted" | "connections" | "limits" | "hairpin">;

export interface MemberView {
  readonly stack: StackRecord;
  readonly membership: Membership;
  readonly outside: OutsideAddresses;
  /** Where names are asked for. */
  readonly resolver: readonly string[];
}

export function memberTraffic({ stack, membership, outside, resolver }: MemberView): MemberTraffic {
  const { member: name } = membership;
  const member = stack.members[name];
  if (!member) return { listen: [], hosted: [], connections: [] };
  const toIt = stack.flows.filter(({ to }) => to.kind === "isc" && to.isc === name);
  const health: readonly ListenPort[] = member.healthPort === undefined ? [] : [{ port: member.healthPort, protocol: "tcp" }];
  const hosted = [...health, ...toIt.filter(({ from }) => from === "dock")];
  const connections = stack.flows.filter(({ from }) => from === name).flatMap((flow) => connectionsOf(stack, member, { flow, outside }));
  return {
    listen: [...hosted, ...toIt, ...member.expose].map(portOf),
    hosted: hosted.map(portOf),
    connections: [...connections, ...resolver.flatMap(namesAskedOf)],
    limits: member.limits,
    hairpin: toIt.some(({ from }) => from === name),
  };
}

function portOf({ port, protocol }: ListenPort): ListenPort {
  return { port, protocol };
}

function namesAskedOf(address: string): readonly ResolvedConnection[] {
  return [
    { address, port: 53, protocol: "udp" },
    { address, port: 53, protocol: "tcp" },
  ];
}

interface Leading {
  readonly flow: Flow;
  readonly outside: OutsideAddresses;
}

function connectionsOf(stack: StackRecord, member: RecordedMember, { flow, outside }: Leading): readonly ResolvedConnection[] {
  const { to, port, protocol, limits } = flow;
  const counted = limits && { number: stack.flows.indexOf(flow) + 1, limits };
  if (to.kind === "isc") {
    return reachableBy(stack, flow).flatMap(({ range, addresses }) =>
      addresses.map((address) => ({ address, port, protocol, flow: counted, network: range.name })),
    );
  }
  const network = wayOut(stack, member)?.name;
  if (network === undefined) return [];
  const addresses = to.kind === "address" ? [to.address] : outside(to.host);
  return addresses.map((address) => ({ address, port, protocol, flow: counted, network }));
}
