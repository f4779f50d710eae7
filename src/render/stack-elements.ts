/** The firewall elements of a stack as a whole: its networks, where each service address and host port leads to, its ways out. */
import { parsePrefix } from "../base/ip-prefix.ts";
import type { InterfaceIdentity } from "../model/identity.ts";
import type { Name } from "../model/name.ts";
import type { ListenPort } from "../model/network.ts";
import type { NetworkRange, StackRecord } from "../model/stack.ts";
import { labelsOf, rangesOf, serviceOf } from "../model/stack-flows.ts";
import { listExposure, listTargets, type NftElement } from "./nft-ruleset-elements.ts";

/** The instance that has an ISC's name now. */
export interface StackInstance {
  readonly isc: Name;
  readonly member: Name;
  readonly interfaces: readonly InterfaceIdentity[];
  /** It runs, is ready and not in quarantine. */
  readonly serving: boolean;
  /** Its health check fails. */
  readonly ill: boolean;
}

export function listStackElements(stack: StackRecord, instances: readonly StackInstance[]): readonly NftElement[] {
  return [
    ...Object.values(stack.networks).flatMap(listNetwork),
    ...Object.keys(stack.members).flatMap((member) => listServices(stack, member as Name, instances)),
    ...Object.values(stack.networks).flatMap((range) => listUplink(range, instances)),
  ];
}

/** Those that new connections go to: the well ones, or all that run where none is well. */
export function serving(instances: readonly StackInstance[]): readonly StackInstance[] {
  const running = instances.filter((one) => one.serving);
  const well = running.filter(({ ill }) => !ill);
  return well.length > 0 ? well : running;
}

function listNetwork({ subnet, prefix6 }: NetworkRange): readonly NftElement[] {
  return [
    { set: "networks4", key: [subnet] },
    { set: "networks6", key: [`${prefix6}::/64`] },
  ];
}

function listServices(stack: StackRecord, name: Name, instances: readonly StackInstance[]): readonly NftElement[] {
  const member = stack.members[name];
  if (!member) return [];
  const own = instances.filter((one) => one.member === name);
  const ports = portsOf(stack, name);
  const services = rangesOf(stack, member.networks).flatMap((range) =>
    labelsOf(stack, name).flatMap((label) =>
      listService(stack, { range, label, ports, targets: serving(label === name ? own : own.filter(({ isc }) => isc === label)) }),
    ),
  );
  const exposures = member.expose.flatMap((exposure) =>
    ([4, 6] as const).flatMap((suffix) => listExposure(exposure, suffix, addressesOn(undefined, suffix, serving(own)))),
  );
  return [...services, ...exposures];
}

/** Ports of a member that some flow leads to. */
function portsOf({ flows }: StackRecord, member: Name): readonly ListenPort[] {
  const names = flows.filter(({ to }) => to.kind === "isc" && to.isc === member).map(({ port, protocol }) => `${port}/${protocol}`);
  return [...new Set(names)].map((name) => {
    const [port, protocol] = name.split("/");
    return { port: Number(port), protocol: protocol === "udp" ? "udp" : "tcp" };
  });
}

interface Service {
  readonly range: NetworkRange;
  readonly label: string;
  readonly ports: readonly ListenPort[];
  readonly targets: readonly StackInstance[];
}

function listService(stack: StackRecord, { range, label, ports, targets }: Service): readonly NftElement[] {
  const pair = serviceOf(stack, range, label);
  if (!pair) return [];
  return ([4, 6] as const).flatMap((suffix) => {
    const maps = { one: `service${suffix}`, several: `balance${suffix}` };
    const owns = addressesOn(range.name, suffix, targets);
    const own = suffix === 4 ? pair.address : pair.address6;
    return ports.flatMap(({ port, protocol }) => listTargets(maps, [own, protocol, String(port)], owns, port));
  });
}

/** @param network their first one when undefined */
function addressesOn(network: Name | undefined, suffix: 4 | 6, instances: readonly StackInstance[]): readonly string[] {
  return instances.flatMap(({ interfaces }) => {
    const found = network === undefined ? interfaces[0] : interfaces.find((one) => one.network === network);
    return found ? [suffix === 4 ? found.address : found.address6] : [];
  });
}

function listUplink({ name, uplink }: NetworkRange, instances: readonly StackInstance[]): readonly NftElement[] {
  const given = uplink?.kind === "address" ? parsePrefix(uplink.address) : undefined;
  if (uplink?.kind !== "address" || !given) return [];
  const { family } = given;
  return addressesOn(name, family, instances).map((own) => ({ set: `uplink${family}`, key: [own], value: [uplink.address] }));
}
