/** A stack's networks, tested with real packets: what the test is told of it. */
import { type InterfaceIdentity, linkPrefix } from "../../model/identity.ts";
import { type IscRecord, identityOf } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { ListenPort } from "../../model/network.ts";
import { iscsOfMember, type NetworkRange, type RecordedMember, type StackRecord } from "../../model/stack.ts";
import { prefixesOf } from "../../model/stack-address.ts";
import { labelsOf, networksOfFlow, rangesOf, serviceOf } from "../../model/stack-flows.ts";
import type { NetworkProbe } from "../../model/stack-view.ts";
import type { AllowedFlow, InterfaceEnd, IscEnd, ProbeEnds, ServiceEnd } from "../../plan/stack/probe-model.ts";
import { type StackInstance, serving } from "../../render/stack-elements.ts";
import type { Engine } from "../engine.ts";
import { testNetworks } from "../network-test/test-networks.ts";
import { findProcess } from "../parts/process.ts";
import { iscsOf } from "./present.ts";
import { lockOf } from "./up.ts";

/** Throws Problem STACK_UNKNOWN, KernelError. */
export function testStack(engine: Engine, name: Name): Promise<readonly NetworkProbe[]> {
  engine.stacks.get(name);
  // One place outside serves one test at a time; and nobody changes the stack meanwhile.
  return engine.locks.run("network test", () =>
    engine.locks.run(lockOf(name), async () => {
      const stack = engine.stacks.get(name);
      const ends = endsOf(engine, stack);
      return testNetworks(engine.host, {
        ends,
        ownNetworks: Object.values(stack.networks).flatMap(prefixesOf),
        pinOf: (isc) => engine.layout.live.networkNamespace(isc as Name),
        outside: { pin: `${engine.layout.run}/test-net`, link: `iscx${linkPrefix(engine.dock).slice("isc".length, -1)}` },
        book: engine.probeBook,
      });
    }),
  );
}

function endsOf(engine: Engine, stack: StackRecord): Omit<ProbeEnds, "outside"> {
  const records = iscsOf(engine, stack.name).filter(({ name }) => findProcess(engine, name));
  const instances = engine.stackTraffic.instancesOf(stack);
  const members = Object.entries(stack.members) as [Name, RecordedMember][];
  return {
    iscs: records.map((record) => iscEnd(engine, record)),
    services: members.flatMap(([member, { networks }]) =>
      rangesOf(stack, networks).flatMap((range) => servicesOn(stack, { member, range, instances })),
    ),
    flows: [
      ...stack.flows.flatMap((flow) => allowedFlows(stack, flow, records)),
      ...members.flatMap(([member, one]) => healthFlows(stack, member, one)),
    ],
    exposures: members.flatMap(([member, { expose }]) =>
      expose.map(({ hostPort, protocol, address, port }) => ({
        hostPort,
        protocol,
        ...(address !== undefined && { address }),
        member,
        port,
        instances: servingOf(instances, member).map(({ isc }) => isc),
      })),
    ),
    destinations: stack.flows.flatMap(({ from, to, port, protocol }) =>
      to.kind === "isc"
        ? []
        : records
            .filter((record) => record.stack?.member === from)
            .flatMap((record) => {
              const addresses = to.kind === "address" ? [to.address] : engine.stackNames.addressesOf(record.name, to.host);
              return addresses.map((address) => ({ from: record.name, address, port, protocol }));
            }),
    ),
    listens: members.flatMap(([member, { listen }]) => listen.map((port) => ({ member, ...port }))),
    resolver: undefined,
  };
}

function iscEnd({ dock, host }: Engine, record: IscRecord): IscEnd {
  const { interfaces } = identityOf(dock, record);
  return {
    name: record.name,
    member: record.stack?.member ?? record.name,
    quarantined: record.quarantine !== undefined,
    interfaces: interfaces.flatMap((one) =>
      interfaceEnd(one, host.files.findTextNow(`/proc/sys/net/ipv6/conf/${one.link}/disable_ipv6`)?.trim() === "0"),
    ),
  };
}

function interfaceEnd(one: InterfaceIdentity, ipv6: boolean): readonly InterfaceEnd[] {
  const { network, link, inside, address, address6, mac, hostMac, gateway, gateway6, isWayOut } = one;
  if (network === undefined) return [];
  return [{ network, link, inside, address, mac, gatewayMac: hostMac, gateway, isWayOut, ...(ipv6 && { address6, gateway6 }) }];
}

interface On {
  readonly member: Name;
  readonly range: NetworkRange;
  readonly instances: readonly StackInstance[];
}

function servicesOn(stack: StackRecord, { member, range, instances }: On): readonly ServiceEnd[] {
  return labelsOf(stack, member).flatMap((label) => {
    const pair = serviceOf(stack, range, label);
    if (!pair) return [];
    const targets = label === member ? servingOf(instances, member) : serving(instances.filter(({ isc }) => isc === label));
    const isOne = label !== member || stack.members[member]?.count === undefined;
    const isc = label === member ? iscsOfMember(stack.name, member, undefined)[0] : (label as Name);
    return [{ network: range.name, member, ...(isOne && isc !== undefined && { isc }), ...pair, instances: targets.map((one) => one.isc) }];
  });
}

function servingOf(instances: readonly StackInstance[], member: Name): readonly StackInstance[] {
  return serving(instances.filter((one) => one.member === member));
}

function allowedFlows(stack: StackRecord, flow: StackRecord["flows"][number], records: readonly IscRecord[]): readonly AllowedFlow[] {
  const { from, to, port, protocol } = flow;
  if (to.kind !== "isc") return [];
  const member = to.isc;
  // The host reaches a service address on whichever of the member's networks it lies.
  const ranges = from === "dock" ? rangesOf(stack, stack.members[member]?.networks ?? []) : networksOfFlow(stack, flow);
  const ends = from === "dock" ? [from] : records.filter((record) => record.stack?.member === from).map(({ name }) => name);
  return ends.flatMap((end) => ranges.map((range) => ({ from: end, network: range.name, member, port, protocol })));
}

/** The dock's own health check uses an ISC's own address; by the service address it may come as well, where some flow has opened that. */
function healthFlows(stack: StackRecord, member: Name, { healthPort, networks }: RecordedMember): readonly AllowedFlow[] {
  const port: ListenPort = { port: healthPort ?? 0, protocol: "tcp" };
  const isOpened = stack.flows.some(
    (flow) => flow.to.kind === "isc" && flow.to.isc === member && flow.port === port.port && flow.protocol === "tcp",
  );
  return isOpened ? rangesOf(stack, networks).map((range) => ({ from: "dock", network: range.name, member, ...port })) : [];
}
