/** What of a stack differs from what the dock made of it before: the steps of `up`, and what `diff` tells. */
import type { Digest } from "../../model/digest.ts";
import type { Name } from "../../model/name.ts";
import { type Flow, iscsOfMember, type NetworkRange, type RecordedMember, type StackRecord } from "../../model/stack.ts";
import { rangesOf } from "../../model/stack-flows.ts";
import type { StackStep } from "../../model/stack-view.ts";
import { describeLimits, describeUplink } from "../../model/stack-words.ts";

/** An ISC of the stack as it is. */
export interface PresentIsc {
  readonly name: Name;
  readonly member: Name;
  readonly image: Digest;
  readonly networks: readonly NetworkRange[];
  readonly running: boolean;
  readonly startedAtMs?: number | undefined;
  readonly quarantined: boolean;
  readonly hasVolumes: boolean;
}

/** In the order in which they are carried out. */
export function diffStack(before: StackRecord | undefined, after: StackRecord, present: readonly PresentIsc[]): readonly StackStep[] {
  return [
    ...diffNetworks(before?.networks ?? {}, after.networks),
    ...diffFlows(before?.flows ?? [], after.flows),
    ...diffExposures(before?.members ?? {}, after.members),
    ...diffLimits(before?.members ?? {}, after.members),
    ...surplusIscs(after, present).map(
      ({ name, hasVolumes }): StackStep =>
        hasVolumes
          ? { kind: "isc", change: "stop", what: name, detail: "no longer in the file; it has volumes, so it stays" }
          : { kind: "isc", change: "remove", what: name },
    ),
    ...wantedIscs(after).flatMap(({ name, member }) => diffIsc(after, { name, member }, present)),
  ];
}

export function wantedIscs({
  name,
  members,
}: Pick<StackRecord, "name" | "members">): readonly { readonly name: Name; readonly member: Name; readonly number: number }[] {
  return (Object.entries(members) as [Name, RecordedMember][]).flatMap(([member, { count }]) =>
    iscsOfMember(name, member, count).map((isc, index) => ({ name: isc, member, number: count === undefined ? 0 : index + 1 })),
  );
}

/** ISCs of the stack that its file no longer names. Those that have volumes, and were stopped for that, are left out. */
export function surplusIscs(after: StackRecord, present: readonly PresentIsc[]): readonly PresentIsc[] {
  const wanted = new Set(wantedIscs(after).map(({ name }) => name));
  return present.filter(({ name, hasVolumes, running }) => !wanted.has(name) && (running || !hasVolumes));
}

/** Why a running ISC has to give its place to a fresh instance; undefined when it may stay. */
export function whyReplace(stack: StackRecord, one: PresentIsc): string | undefined {
  const member = stack.members[one.member];
  if (!member || !one.running) return undefined;
  if (one.image !== member.image) return `image ${short(one.image)} → ${short(member.image)}`;
  if (JSON.stringify(rangesOf(stack, member.networks).map(laid)) !== JSON.stringify(one.networks.map(laid)))
    return "its networks are others";
  const changed = member.secrets.find((secret) => (stack.secretsChangedAtMs[secret] ?? 0) > (one.startedAtMs ?? Number.POSITIVE_INFINITY));
  return changed === undefined ? undefined : `secret ${changed} is another one`;
}

/** What of a network is in an ISC's own links. */
function laid({ name, subnet, prefix6, mtu }: NetworkRange): object {
  return { name, subnet, prefix6, mtu };
}

function short(digest: Digest): string {
  return digest.slice("sha256:".length, "sha256:".length + 12);
}

function diffIsc(
  stack: StackRecord,
  { name }: { readonly name: Name; readonly member: Name },
  present: readonly PresentIsc[],
): readonly StackStep[] {
  const found = present.find((one) => one.name === name);
  if (!found) return [{ kind: "isc", change: "add", what: name }];
  if (found.quarantined) return [];
  if (!found.running) return [{ kind: "isc", change: "start", what: name }];
  const detail = whyReplace(stack, found);
  return detail === undefined ? [] : [{ kind: "isc", change: "replace", what: name, detail }];
}

function diffNetworks(before: StackRecord["networks"], after: StackRecord["networks"]): readonly StackStep[] {
  return diffBy("network", entriesOf(before), entriesOf(after), ({ subnet, prefix6, mtu, uplink }) =>
    [subnet, `${prefix6}::/64`, ...(mtu === undefined ? [] : [`mtu ${mtu}`]), ...(uplink ? [describeUplink(uplink)] : [])].join(", "),
  );
}

function nameFlow({ from, to, port, protocol, network }: Flow): string {
  const target = to.kind === "isc" ? to.isc : to.kind === "name" ? to.host : to.address;
  return `${from} → ${target} ${port}/${protocol}${network === undefined ? "" : ` on ${network}`}`;
}

function diffFlows(before: readonly Flow[], after: readonly Flow[]): readonly StackStep[] {
  const byName = (flows: readonly Flow[]) => flows.map((flow) => [nameFlow(flow), flow] as const);
  return diffBy("flow", byName(before), byName(after), ({ limits }) => (limits ? describeLimits(limits) : ""));
}

function diffExposures(before: StackRecord["members"], after: StackRecord["members"]): readonly StackStep[] {
  const list = (members: StackRecord["members"]) =>
    entriesOf(members).flatMap(([name, { expose }]) =>
      expose.map(
        ({ address, hostPort, protocol, port }) =>
          [`${address === undefined ? "" : `${address}:`}${hostPort}/${protocol}`, `${name} ${port}`] as const,
      ),
    );
  return diffBy("exposure", list(before), list(after), (target) => `to ${target}`);
}

/** Of members that were there before: those of a new one are part of adding it. */
function diffLimits(before: StackRecord["members"], after: StackRecord["members"]): readonly StackStep[] {
  const list = (members: StackRecord["members"], other: StackRecord["members"]) =>
    entriesOf(members).flatMap(([name, { limits }]) => (limits && name in other ? [[name, limits] as const] : []));
  return diffBy("limit", list(before, after), list(after, before), describeLimits);
}

function entriesOf<T>(record: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  return Object.entries(record);
}

function diffBy<T>(
  kind: StackStep["kind"],
  before: readonly (readonly [string, T])[],
  after: readonly (readonly [string, T])[],
  describe: (value: T) => string,
): readonly StackStep[] {
  const old = new Map(before);
  const fresh = new Map(after);
  const detailed = (change: StackStep["change"], what: string, detail: string): StackStep => ({
    kind,
    change,
    what,
    ...(detail !== "" && { detail }),
  });
  return [
    ...before.filter(([what]) => !fresh.has(what)).map(([what]) => detailed("remove", what, "")),
    ...after.flatMap(([what, value]) => {
      const was = old.get(what);
      const is = describe(value);
      if (was === undefined) return [detailed("add", what, is)];
      return describe(was) === is ? [] : [detailed("change", what, [describe(was), is].filter((text) => text !== "").join(" → "))];
    }),
  ];
}
