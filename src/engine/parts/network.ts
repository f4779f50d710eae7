/**
 * The network of one ISC: a namespace that belongs to the host (so that nothing inside can change it), joined by a routed
 * point-to-point veth pair for each of its networks. Both ends know each other's MAC by a permanent entry, so there is no ARP and no
 * layer-2 neighbour.
 */
import { parsePrefix } from "../../base/ip-prefix.ts";
import type { InterfaceIdentity } from "../../model/identity.ts";
import { type IscRecord, identityOf } from "../../model/isc.ts";
import type { NetworkRange } from "../../model/stack.ts";
import type { Engine } from "../engine.ts";

type Socket = InstanceType<Engine["host"]["kernel"]["rtnetlink"]["Rtnetlink"]>;

/** Settings of the namespace, made from outside before anything runs in it. Any port may be listened on without a capability. */
const insideSettings: readonly (readonly [string, string])[] = [
  ["ipv4/ip_unprivileged_port_start", "0"],
  ["ipv6/conf/all/accept_ra", "0"],
  ["ipv6/conf/default/accept_ra", "0"],
  ["ipv6/conf/default/addr_gen_mode", "1"],
];

/** Settings of the host's end. route_localnet lets 127.0.0.1:PORT of the host be translated to the ISC; the firewall guards it. */
function outsideSettings(link: string): readonly (readonly [string, string])[] {
  return [
    [`ipv4/conf/${link}/forwarding`, "1"],
    [`ipv4/conf/${link}/rp_filter`, "1"],
    [`ipv4/conf/${link}/route_localnet`, "1"],
    // No answer to a question for the MAC of any address: both ends know the only one that they need (ip-sysctl.rst).
    [`ipv4/conf/${link}/arp_ignore`, "8"],
    [`ipv4/conf/${link}/accept_source_route`, "0"],
    [`ipv4/conf/${link}/accept_redirects`, "0"],
    [`ipv4/conf/${link}/send_redirects`, "0"],
    [`ipv6/conf/${link}/accept_ra`, "0"],
    [`ipv6/conf/${link}/accept_redirects`, "0"],
  ];
}

/** Safe to repeat. Throws KernelError. */
export function ensureNetwork(engine: Engine, record: IscRecord): void {
  const { interfaces } = identityOf(engine.dock, record);
  ensureLinks(engine, { pin: engine.layout.live.networkNamespace(record.name), interfaces, networks: record.networks ?? [] });
}

export interface Links {
  readonly pin: string;
  readonly interfaces: readonly InterfaceIdentity[];
  readonly networks: readonly NetworkRange[];
}

/** Safe to repeat: pairs that are already there are kept, half a pair is made anew. Throws KernelError. */
export function ensureLinks(engine: Engine, { pin, interfaces, networks }: Links): void {
  const { namespaces, rtnetlink } = engine.host.kernel;
  using outside = new rtnetlink.Rtnetlink();
  const isPinned = namespaces.isNamespacePin(pin);
  if (!isPinned) namespaces.createNetworkNamespace(pin, () => prepareInside(engine));
  for (const one of interfaces) {
    const found = outside.findLink(one.link);
    if (isPinned && found?.up) {
      if (hasIpv6(engine, one.link)) ensureLoopbackRoute(outside, found.index);
      continue;
    }
    if (found) outside.deleteLink(one.link);
    createPair(engine, outside, {
      pin,
      one,
      range: networks.find(({ name }) => name === one.network),
    });
  }
}

interface Pair {
  readonly pin: string;
  readonly one: InterfaceIdentity;
  /** Its network, where that is a stack's. */
  readonly range: NetworkRange | undefined;
}

function createPair(engine: Engine, outside: Socket, pair: Pair): void {
  const { namespaces } = engine.host.kernel;
  const { one, pin } = pair;
  namespaces.withNamespaceDescriptor(pin, (fd) => {
    const { link: name, inside: peerName, mac: peerMac, hostMac: mac, mtu } = one;
    outside.createVethPair({ name, peerName, peerNetnsFd: fd, mac, peerMac, up: true, ...(mtu !== undefined && { mtu }) });
  });
  configureOutside(engine, outside, one);
  const ipv6 = hasIpv6(engine, one.link);
  namespaces.withNetworkNamespace(pin, () => configureInside(engine, pair, ipv6));
}

/** The kernel ends the pair with the namespace, in the background: deleting the link ourselves would hold up the dock for tens of milliseconds. */
export function removeNetwork(engine: Engine, record: IscRecord): void {
  const { namespaces } = engine.host.kernel;
  const pin = engine.layout.live.networkNamespace(record.name);
  // Connections that nobody holds any more keep a namespace for minutes when their other end is gone (tcp(7)).
  if (namespaces.isNamespacePin(pin)) namespaces.withNetworkNamespace(pin, () => writeSetting(engine, "ipv4/tcp_orphan_retries", "1"));
  namespaces.removeNetworkNamespace(pin);
}

const lingerLooks = 20;
const lingerPauseMs = 50;

/**
 * Waits until the kernel has ended the links of ISCs that are gone, and ends those that it does not: a connection that is still to be told of
 * its end keeps a namespace, and with it its links, for a while. Throws KernelError.
 */
export async function awaitLinksGone(engine: Engine, names: readonly string[]): Promise<void> {
  using socket = new engine.host.kernel.rtnetlink.Rtnetlink();
  const wanted = new Set(names);
  const left = () => socket.listLinks().filter(({ name }) => wanted.has(name));
  for (let look = 0; look < lingerLooks; look++) {
    if (left().length === 0) return;
    await engine.host.sleep(lingerPauseMs);
  }
  for (const { name } of left()) socket.deleteLink(name);
}

function prepareInside(engine: Engine): void {
  for (const [name, value] of insideSettings) writeSetting(engine, name, value);
  using socket = new engine.host.kernel.rtnetlink.Rtnetlink();
  socket.setLinkUp("lo");
}

function configureOutside(engine: Engine, socket: Socket, one: InterfaceIdentity): void {
  for (const [name, value] of outsideSettings(one.link)) writeSetting(engine, name, value);
  const link = indexOf(socket, one.link);
  socket.addAddress({ link, address: one.gateway, prefixLength: 32 });
  socket.addRoute({ link, destination: one.address, prefixLength: 32, source: one.gateway });
  socket.addNeighbour({ link, address: one.address, mac: one.mac });
  if (!hasIpv6(engine, one.link)) return;
  socket.addAddress({ link, address: one.gateway6, prefixLength: 64, noDad: true });
  socket.addRoute({ link, destination: one.address6, prefixLength: 128 });
  socket.addNeighbour({ link, address: one.address6, mac: one.mac });
  ensureLoopbackRoute(socket, link);
}

/**
 * Lets answers of the ISC find back to connections that were made to the host's own [::1]:PORT: IPv6 looks for a loopback address only
 * among the routes of the link that a packet came in by. It opens nothing: a packet that comes in with a loopback address in its header
 * is dropped before any rule (RFC 4291, 2.5.3), and an answer has it only after translation. The route ends with its link. The link's index as
 * metric sets it apart from those of other links, and of other docks.
 */
function ensureLoopbackRoute(socket: Socket, link: number): void {
  socket.addLocalRoute({ destination: "::1", link, metric: link });
}

function configureInside(engine: Engine, { one, range }: Pair, ipv6: boolean): void {
  using socket = new engine.host.kernel.rtnetlink.Rtnetlink();
  const link = indexOf(socket, one.inside);
  socket.setLinkUp(link);
  socket.addAddress({ link, address: one.address, prefixLength: 32 });
  socket.addRoute({ link, destination: one.gateway, prefixLength: 32 });
  const subnet = !one.isWayOut && range ? parsePrefix(range.subnet) : undefined;
  if (subnet && range) {
    const [destination = ""] = range.subnet.split("/");
    socket.addRoute({ link, destination, prefixLength: subnet.length, gateway: one.gateway, source: one.address });
  } else socket.addRoute({ link, gateway: one.gateway, family: "inet" });
  socket.addNeighbour({ link, address: one.gateway, mac: one.hostMac });
  if (!ipv6) return;
  socket.addAddress({ link, address: one.address6, prefixLength: 128, noDad: true });
  if (subnet && range) {
    socket.addRoute({
      link,
      destination: `${range.prefix6}::`,
      prefixLength: 64,
      gateway: one.gateway6,
      source: one.address6,
      onLink: true,
    });
  } else socket.addRoute({ link, gateway: one.gateway6, family: "inet6", onLink: true });
  socket.addNeighbour({ link, address: one.gateway6, mac: one.hostMac });
}

function indexOf(socket: Socket, name: string): number {
  const link = socket.findLink(name);
  if (!link) throw new Error(`link ${name} went away while it was set up`);
  return link.index;
}

/** Not on a kernel booted with ipv6.disable=1, nor where the host's disable_ipv6 switches it off on new links: the host's wish is heeded. */
function hasIpv6(engine: Engine, link: string): boolean {
  return engine.host.files.findTextNow(`/proc/sys/net/ipv6/conf/${link}/disable_ipv6`)?.trim() === "0";
}

/** /proc/sys/net shows the namespace of the thread that opens it. A setting this kernel lacks is none to make. */
function writeSetting(engine: Engine, name: string, value: string): void {
  const path = `/proc/sys/net/${name}`;
  if (engine.host.files.findNow(path)) engine.host.files.writeNow(path, value);
}
