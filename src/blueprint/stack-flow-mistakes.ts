/** What is wrong with a stack's flows: ends that are none, networks that are not shared, no way out, the same thing said twice. */

import { liesWithin } from "../base/ip-prefix.ts";
import type { Name } from "../model/name.ts";
import { reservedMembers } from "../model/stack.ts";
import { renderChoice } from "./explain-issues.ts";
import { type Fault, type Path, renderPath } from "./fault.ts";
import type { FlowForm } from "./flow-form.ts";
import { mostFlows, type StackForm } from "./stack-form.ts";
import { entriesOf, flowsOf, memberNamed, networksOfMember, type PlacedFlow } from "./stack-model.ts";
import { explainUnknownWords, type PlacedWord } from "./unknown-words.ts";

export function findFlowMistakes(form: StackForm): readonly Fault[] {
  const flows = flowsOf(form);
  if (flows.length > mostFlows) {
    return [{ path: ["flows"], at: "key", sentence: `expected at most ${mostFlows} flows, found ${flows.length} with those of connect` }];
  }
  // The ports of one entry go the same way: one complaint is enough.
  const ways = flows.filter(({ path }) => path.at(-2) !== "ports" || path.at(-1) === 0);
  return [
    ...findWordMistakes(form),
    ...ways.flatMap((placed) => [...findWayMistakes(form, placed), ...findLimitMistakes(placed)]),
    ...findTwins(flows),
  ];
}

/** Ends and networks that are none. */
function findWordMistakes(form: StackForm): readonly Fault[] {
  const members = Object.keys(form.iscs);
  const entries = form.flows.map((entry, index) => ({ ...entry, path: ["flows", index] }));
  const special = entries.flatMap((entry) => findSpecialEnds(entry, entry.path));
  const from = entries.map((entry) => ({ word: entry.from, path: [...entry.path, "from"] }));
  const to = entries.flatMap((entry) => (entry.to.kind === "member" ? [{ word: entry.to.word, path: [...entry.path, "to"] }] : []));
  const networks = entries.flatMap(({ network, path }) => (network === undefined ? [] : [{ word: network, path: [...path, "network"] }]));
  const isPlain = ({ word }: PlacedWord) => !reservedMembers.some((reserved) => reserved === word);
  return [
    ...special,
    ...explainUnknownWords(from.filter(isPlain), [...members, "dock"], "member"),
    ...explainUnknownWords(to.filter(isPlain), members, "member").map(withOutside),
    ...explainUnknownWords(networks, Object.keys(form.networks), "network"),
  ];
}

function withOutside(fault: Fault): Fault {
  const isGuessed = fault.sentence.endsWith("?");
  return isGuessed ? fault : { ...fault, sentence: `${fault.sentence}, or a place outside: an address, a prefix, or a name with a dot` };
}

/** What the reserved words cannot mean. */
function findSpecialEnds({ from, to }: FlowForm, path: Path): readonly Fault[] {
  const at = (key: string, sentence: string): Fault => ({ path: [...path, key], at: "value", sentence });
  const faults: Fault[] = [];
  if (from === "outside")
    faults.push(at("from", 'found "outside", expected a member or dock: what comes from outside is let in by expose'));
  if (to.kind !== "member") {
    return from === "dock" ? [at("to", "found a place outside, expected a member: the dock itself may connect anywhere")] : faults;
  }
  if (to.word === "dock") faults.push(at("to", 'found "dock", expected a member or a place outside: nothing may connect to the dock'));
  if (to.word === "outside") {
    faults.push(at("to", 'found "outside", expected which place there: an address, a prefix such as 0.0.0.0/0, or a name'));
  }
  return faults;
}

/** Whether there is a network that the flow can use. */
function findWayMistakes(form: StackForm, { flow, path }: PlacedFlow): readonly Fault[] {
  const entry = path.at(-2) === "ports" ? path.slice(0, -2) : path;
  const at = (key: string, sentence: string): Fault => ({ path: path[0] === "flows" ? [...entry, key] : entry, at: "value", sentence });
  const ways = waysOf(form, flow);
  const mistake = findTargetMistake(form, flow) ?? (ways.length === 0 ? noWay(form, flow) : undefined);
  if (mistake !== undefined) return [at("to", mistake)];
  if (flow.network === undefined || ways.length === 0 || ways.includes(flow.network)) return [];
  if (!Object.hasOwn(form.networks, flow.network)) return [];
  return [at("network", `found "${flow.network}", expected ${useOf(flow)}: ${renderChoice(ways)}`)];
}

/** Limits that nothing could hold: of what the host itself sends, of names whose addresses come and go, of whole prefixes. */
function findLimitMistakes({ flow, path }: PlacedFlow): readonly Fault[] {
  const { from, to, limits = {} } = flow;
  const counted = [limits.packetsPerSecond, limits.connections, limits.connectionsPerSecond].some((limit) => limit !== undefined);
  const shaped = limits.bitsPerSecond !== undefined;
  const at = (sentence: string): readonly Fault[] => [{ path: path.at(-2) === "ports" ? path.slice(0, -2) : path, at: "value", sentence }];
  if (from === "dock" && (counted || shaped))
    return at("has limits, but they hold for what ISCs send: set them on the member that it leads to");
  if (to.kind === "name" && shaped) return at("has a bandwidth, which needs addresses: set limits.bandwidth on the member instead");
  const isPrefix = to.kind === "address" && to.address.includes("/");
  return isPrefix && counted
    ? at("counts packets or connections to a whole prefix: set limits on the member instead, or name addresses")
    : [];
}

function useOf({ from, to }: PlacedFlow["flow"]): string {
  if (to.kind !== "isc") return `a network with a way out that ${from} is on`;
  return from === "dock" ? `a network that ${to.isc} is on` : `a network that ${from} and ${to.isc} are on`;
}

function waysOf(form: StackForm, { from, to }: PlacedFlow["flow"]): readonly Name[] {
  if (from === "dock") return to.kind === "isc" ? networksOfMember(form, to.isc) : [];
  const own = networksOfMember(form, from);
  if (to.kind !== "isc") return own.filter((network) => form.networks[network]?.uplink !== undefined);
  const theirs = networksOfMember(form, to.isc);
  return own.filter((network) => theirs.includes(network));
}

function noWay(form: StackForm, { from, to }: PlacedFlow["flow"]): string | undefined {
  // Which networks they are on, or that the dock needs no flow, has been complained of already.
  if (from === "dock" || !hasKnownNetworks(form, from)) return undefined;
  const place = (member: Name) => `${member} is on ${networksOfMember(form, member).join(", ")}`;
  if (to.kind !== "isc") return `${place(from)}, and none of these leads outside; expected outward: true at one of them`;
  if (!hasKnownNetworks(form, to.isc)) return undefined;
  return `${place(from)} and ${place(to.isc)}; expected a network that both are on`;
}

function hasKnownNetworks(form: StackForm, member: Name): boolean {
  const networks = networksOfMember(form, member);
  return networks.length > 0 && networks.every((network) => Object.hasOwn(form.networks, network));
}

/** A place outside that lies inside. */
function findTargetMistake(form: StackForm, { to }: PlacedFlow["flow"]): string | undefined {
  if (to.kind === "isc") return undefined;
  if (to.kind === "name") {
    return memberNamed(form, to.host) && `${to.host} is a member; expected a flow to it: { from: NAME, to: ${to.host}, port: PORT }`;
  }
  const inside = entriesOf(form.networks).find(([, network]) =>
    [network?.subnet, network?.subnet6].some((prefix) => prefix !== undefined && liesWithin(to.address, prefix)),
  );
  return inside && `${to.address} lies in network ${inside[0]}, expected a place outside, or a flow that names the member`;
}

function findTwins(flows: readonly PlacedFlow[]): Fault[] {
  const seen = new Map<string, PlacedFlow[]>();
  return flows.flatMap((placed): Fault[] => {
    const { from, to, port, protocol, network } = placed.flow;
    const key = JSON.stringify([from, to, port, protocol]);
    const others = seen.get(key) ?? [];
    seen.set(key, [...others, placed]);
    const twin = others.find(({ flow }) => flow.network === undefined || network === undefined || flow.network === network);
    return twin === undefined ? [] : [{ path: placed.path, at: "value", sentence: `given twice, first at ${renderPath(twin.path)}` }];
  });
}
