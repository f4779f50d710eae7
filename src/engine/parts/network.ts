/**
 * The network of one ISC: a namespace that belongs to the host (so that nothing inside can change it), joined by a routed
 * point-to-point veth pair. Both ends know each other's MAC by a permanent entry, so there is no ARP and no layer-2 neighbour.
 */
import { identityOfSlot, type SlotIdentity } from "../../model/identity.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Engine } from "../engine.ts";

type Socket = InstanceType<Engine["host"]["kernel"]["rtnetlink"]["Rtnetlink"]>;

const insideLink = "eth0";

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
    [`ipv4/conf/${link}/accept_redirects`, "0"],
    [`ipv4/conf/${link}/send_redirects`, "0"],
    [`ipv6/conf/${link}/accept_ra`, "0"],
    [`ipv6/conf/${link}/accept_redirects`, "0"],
  ];
}

/** Safe to repeat: a pair that is already there is kept, half a pair is made anew. Throws KernelError. */
export function ensureNetwork(engine: Engine, record: IscRecord): void {
  const { namespaces, rtnetlink } = engine.host.kernel;
  const identity = identityOfSlot(engine.dock, record.slot);
  const pin = engine.layout.live.networkNamespace(record.name);
  using outside = new rtnetlink.Rtnetlink();
  const found = outside.findLink(identity.link);
  if (namespaces.isNamespacePin(pin) && found?.up) {
    if (hasIpv6(engine, identity.link)) ensureLoopbackRoute(outside, found.index);
    return;
  }
  namespaces.createNetworkNamespace(pin, () => prepareInside(engine));
  const macs = macsOfSlot(record.slot);
  if (found) outside.deleteLink(identity.link);
  namespaces.withNamespaceDescriptor(pin, (fd) => {
    const pair = { name: identity.link, peerName: insideLink, peerNetnsFd: fd, mac: macs.outside, peerMac: macs.inside, up: true };
    outside.createVethPair(pair);
  });
  configureOutside(engine, outside, identity, macs.inside);
  const ipv6 = hasIpv6(engine, identity.link);
  namespaces.withNetworkNamespace(pin, () => configureInside(engine, identity, { outsideMac: macs.outside, ipv6 }));
}

/** The kernel ends the pair with the namespace, in the background: deleting the link ourselves would hold up the dock for tens of milliseconds. */
export function removeNetwork(engine: Engine, record: IscRecord): void {
  engine.host.kernel.namespaces.removeNetworkNamespace(engine.layout.live.networkNamespace(record.name));
}

function prepareInside(engine: Engine): void {
  for (const [name, value] of insideSettings) writeSetting(engine, name, value);
  using socket = new engine.host.kernel.rtnetlink.Rtnetlink();
  socket.setLinkUp("lo");
}

function configureOutside(engine: Engine, socket: Socket, identity: SlotIdentity, insideMac: string): void {
  for (const [name, value] of outsideSettings(identity.link)) writeSetting(engine, name, value);
  const link = indexOf(socket, identity.link);
  socket.addAddress({ link, address: identity.gateway, prefixLength: 32 });
  socket.addRoute({ link, destination: identity.address, prefixLength: 32, source: identity.gateway });
  socket.addNeighbour({ link, address: identity.address, mac: insideMac });
  if (!hasIpv6(engine, identity.link)) return;
  socket.addAddress({ link, address: identity.gateway6, prefixLength: 64, noDad: true });
  socket.addRoute({ link, destination: identity.address6, prefixLength: 128 });
  socket.addNeighbour({ link, address: identity.address6, mac: insideMac });
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

interface Outside {
  readonly outsideMac: string;
  /** The host's end speaks it. */
  readonly ipv6: boolean;
}

function configureInside(engine: Engine, identity: SlotIdentity, { outsideMac, ipv6 }: Outside): void {
  using socket = new engine.host.kernel.rtnetlink.Rtnetlink();
  const link = indexOf(socket, insideLink);
  socket.setLinkUp(link);
  socket.addAddress({ link, address: identity.address, prefixLength: 32 });
  socket.addRoute({ link, destination: identity.gateway, prefixLength: 32 });
  socket.addRoute({ link, gateway: identity.gateway, family: "inet" });
  socket.addNeighbour({ link, address: identity.gateway, mac: outsideMac });
  if (!ipv6) return;
  socket.addAddress({ link, address: identity.address6, prefixLength: 128, noDad: true });
  socket.addRoute({ link, gateway: identity.gateway6, family: "inet6", onLink: true });
  socket.addNeighbour({ link, address: identity.gateway6, mac: outsideMac });
}

/** Locally administered addresses (IEEE 802) that name slot and side, so that no two links of a dock share one. */
function macsOfSlot(slot: number): { readonly outside: string; readonly inside: string } {
  const octets = [slot >> 8, slot & 0xff].map((octet) => octet.toString(16).padStart(2, "0")).join(":");
  return { outside: `02:15:c0:00:${octets}`, inside: `02:15:c0:01:${octets}` };
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
