/** Stacks as they are now: who runs and serves, what has passed by each link, what each flow has begun. */
import { type IscRecord, identityOf } from "../../model/isc.ts";
import type { Flow, NetworkRange, RecordedMember, StackRecord } from "../../model/stack.ts";
import { networksOfFlow, rangesOf, serviceOf, wayOut } from "../../model/stack-flows.ts";
import type { FlowView, NetworkView, ServiceView, StackIscView, StackView, Traffic } from "../../model/stack-view.ts";
import { wantedIscs } from "../../plan/stack/diff-stack.ts";
import type { Refusal } from "../../render/nft-ruleset-refusals.ts";
import { type StackInstance, serving } from "../../render/stack-elements.ts";
import { countTcDrops } from "../../tools/tc.ts";
import type { Engine } from "../engine.ts";
import { countOpen } from "../lifecycle/drain.ts";
import { summarize } from "../observe.ts";
import { findProcess } from "../parts/process.ts";
import { StackCounts } from "./counts.ts";
import { iscsOf } from "./present.ts";
import { isShaped } from "./shaping.ts";

const usualMtu = 1_500;

type Refused = ReadonlyMap<Refusal, ReadonlyMap<string, number>>;

/** What all stacks are looked at with. */
interface Look {
  readonly engine: Engine;
  readonly counts: StackCounts;
  readonly refused: Refused;
}

export async function viewStacks(engine: Engine): Promise<readonly StackView[]> {
  const stacks = engine.stacks.list();
  if (stacks.length === 0) return [];
  const look = {
    engine,
    counts: new StackCounts(orNothing(() => engine.firewall.list())),
    refused: orNothing(() => engine.firewall.countRefused()) ?? new Map(),
  };
  return Promise.all(stacks.toSorted((one, other) => one.name.localeCompare(other.name)).map((stack) => viewStack(look, stack)));
}

/** The table may be gone: verify tells that. */
function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

async function viewStack(look: Look, stack: StackRecord): Promise<StackView> {
  const { engine, counts } = look;
  const records = iscsOf(engine, stack.name);
  const instances = engine.stackTraffic.instancesOf(stack);
  const wanted = wantedIscs(stack);
  const left = records.filter(({ name }) => !wanted.some((one) => one.name === name));
  const names = [...wanted, ...left.map(({ name, stack: own }) => ({ name, member: own?.member ?? name }))];
  return {
    name: stack.name,
    desired: stack.desired,
    networks: Object.values(stack.networks).map(viewNetwork),
    iscs: await Promise.all(
      names.map(({ name, member }) => {
        const record = records.find((one) => one.name === name);
        if (!record) return { name, member, status: "missing", serving: false, interfaces: [] } satisfies StackIscView;
        return viewIsc(look, stack, { record, instances });
      }),
    ),
    services: Object.entries(stack.members).flatMap(([member, { networks }]) =>
      rangesOf(stack, networks).flatMap((range) => viewService(stack, { member: member as IscRecord["name"], range, instances })),
    ),
    flows: stack.flows.map((flow) => viewFlow(look, stack, { flow, records })),
    exposures: Object.entries(stack.members).flatMap(([member, { expose }]) =>
      expose.map((exposure) => ({ ...exposure, member: member as IscRecord["name"], begun: counts.ofExposure(exposure) })),
    ),
  };
}

function viewNetwork({ name, subnet, prefix6, mtu = usualMtu, uplink }: NetworkRange): NetworkView {
  return { name, subnet, subnet6: `${prefix6}::/64`, mtu, ...(uplink && { uplink }) };
}

interface Served {
  readonly member: IscRecord["name"];
  readonly range: NetworkRange;
  readonly instances: readonly StackInstance[];
}

function viewService(stack: StackRecord, { member, range, instances }: Served): readonly ServiceView[] {
  const pair = serviceOf(stack, range, member);
  const iscs = serving(instances.filter((one) => one.member === member)).map(({ isc }) => isc);
  return pair ? [{ name: `${member}.${range.name}.isc`, member, network: range.name, ...pair, iscs }] : [];
}

interface Seen {
  readonly record: IscRecord;
  readonly instances: readonly StackInstance[];
}

async function viewIsc(look: Look, stack: StackRecord, { record, instances }: Seen): Promise<StackIscView> {
  const { engine } = look;
  const membership = record.stack;
  const member = membership && stack.members[membership.member];
  const { status, health } = await summarize(engine, record);
  const peers = instances.filter((one) => one.member === membership?.member);
  const live = findProcess(engine, record.name);
  const traffic = live && (await readTraffic(look, record, member));
  const connections = live && (await countConnections(engine, record));
  return {
    name: record.name,
    member: membership?.member ?? record.name,
    status,
    ...(health && { well: health.well }),
    serving: serving(peers).some(({ isc }) => isc === record.name),
    interfaces: identityOf(engine.dock, record).interfaces.flatMap(({ network, link, address, address6 }) =>
      network === undefined ? [] : [{ network, link, address, address6 }],
    ),
    ...(member?.limits && { limits: member.limits }),
    ...(traffic && { traffic }),
    ...(connections !== undefined && { connections }),
  };
}

async function countConnections(engine: Engine, record: IscRecord): Promise<number | undefined> {
  const manifest = await engine.images.findManifest(record.image);
  if (!manifest || manifest.posture.containment === "gvisor") return undefined;
  return countOpen(engine, record.name, new Set(manifest.posture.network.listen.map(({ port }) => port)), manifest);
}

/** The host's end counts from its own side: what it has received the ISC has sent. */
async function readTraffic({ engine, refused }: Look, record: IscRecord, member: RecordedMember | undefined): Promise<Traffic> {
  const { interfaces } = identityOf(engine.dock, record);
  using socket = new engine.host.kernel.rtnetlink.Rtnetlink();
  const links = interfaces.map(({ link }) => socket.readCounters(link));
  const sum = (pick: (counters: NonNullable<(typeof links)[number]>) => number) =>
    links.reduce((total, one) => total + (one ? pick(one) : 0), 0);
  const limited = interfaces.reduce(
    (total, { link }) => total + (refused.get("limit_out")?.get(link) ?? 0) + (refused.get("limit_in")?.get(link) ?? 0),
    0,
  );
  const drops = await Promise.all(
    interfaces
      .filter(({ link }) => member !== undefined && isShaped(engine, link))
      .flatMap(({ link, inside }) => [
        countTcDrops(engine.host, link, undefined),
        countTcDrops(engine.host, inside, engine.layout.live.networkNamespace(record.name)),
      ]),
  );
  return {
    sentBytes: sum(({ receivedBytes }) => receivedBytes),
    sentPackets: sum(({ receivedPackets }) => receivedPackets),
    receivedBytes: sum(({ sentBytes }) => sentBytes),
    receivedPackets: sum(({ sentPackets }) => sentPackets),
    limitedPackets: limited + drops.reduce((total, one) => total + one, 0),
  };
}

function viewFlow(
  { engine, counts }: Look,
  stack: StackRecord,
  { flow, records }: { readonly flow: Flow; readonly records: readonly IscRecord[] },
): FlowView {
  const from = records.filter(({ stack: own }) => own?.member === flow.from);
  const member = flow.from === "dock" ? undefined : stack.members[flow.from];
  const ranges = flow.to.kind === "isc" ? networksOfFlow(stack, flow) : member ? [wayOut(stack, member)] : [];
  const networks = ranges.flatMap((range) => (range ? [range.name] : []));
  if (flow.from !== "dock") return { ...flow, networks, ...counts.ofFlow(engine, stack, { flow, from }) };
  const to = records.filter(({ stack: own }) => flow.to.kind === "isc" && own?.member === flow.to.isc);
  return { ...flow, networks, ...counts.ofDockFlow(engine, flow, to) };
}
