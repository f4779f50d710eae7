/** What can be asked of rtnetlink, as messages. Pure; see rtnetlink(7). A link is named by its index in the namespace of the socket. */
import {
  attribute,
  type NetlinkRequest,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  nestedAttribute,
  numberAttribute,
  textAttribute,
} from "./netlink-message.ts";
import { AF_INET, AF_INET6, parseIpAddress, parseMac } from "./network-address.ts";
import * as wire from "./rtnetlink-wire.ts";

export type VethPair = {
  readonly name: string;
  readonly peerName: string;
  /** Where the peer goes; the namespace of the socket when left out. */
  readonly peerNetnsFd?: number;
  /** Bytes. */
  readonly mtu?: number;
  readonly mac?: string;
  readonly peerMac?: string;
  /** Wanted indexes: known ones let a whole set-up go into one batch. The kernel heeds the peer's only beside the first. */
  readonly index?: number;
  readonly peerIndex?: number;
  /** Brings this end up as it is made. The peer is made first and cannot be up without it: bring it up where it lives. */
  readonly up?: boolean;
};

export type LinkAddress = {
  readonly link: number;
  readonly address: string;
  readonly prefixLength: number;
  /** The far end of a point-to-point link (IPv4). */
  readonly peer?: string;
  /** IPv6: usable at once, without duplicate address detection. */
  readonly noDad?: boolean;
};

export type Route = {
  /** The default route when left out; then `family`, or the gateway's family, says of which kind. */
  readonly destination?: string;
  readonly prefixLength?: number;
  readonly family?: "inet" | "inet6";
  readonly gateway?: string;
  readonly link?: number;
  /** The preferred source address. */
  readonly source?: string;
  /** IPv4: `link` without a gateway, `global` with one, unless said. */
  readonly scope?: "global" | "link" | "host";
  /** The gateway is on the link although no route leads to it. */
  readonly onLink?: boolean;
  readonly table?: number;
  /** Among routes to the same destination the lowest is taken. IPv6 keeps one route for each. */
  readonly metric?: number;
};

/** Packets to an address that come in by one link are the machine's own. */
export type LocalRoute = { readonly destination: string; readonly link: number; readonly metric: number };

export type Neighbour = { readonly link: number; readonly address: string; readonly mac: string };

/** Refused with EEXIST when either name is taken. */
export function vethPair(options: VethPair): NetlinkRequest {
  const flags = options.up ? wire.IFF_UP : 0;
  const end = (name: string, mac: string | undefined, header: Parameters<typeof wire.linkHeader>[0]) => [
    wire.linkHeader(header),
    ...(options.mtu === undefined ? [] : [numberAttribute(wire.IFLA_MTU, options.mtu)]),
    ...(mac === undefined ? [] : [attribute(wire.IFLA_ADDRESS, parseMac(mac))]),
    textAttribute(wire.IFLA_IFNAME, name),
  ];
  const peer = [
    ...end(options.peerName, options.peerMac, { index: options.peerIndex ?? 0 }),
    ...(options.peerNetnsFd === undefined ? [] : [numberAttribute(wire.IFLA_NET_NS_FD, options.peerNetnsFd)]),
  ];
  const info = nestedAttribute(wire.IFLA_LINKINFO, [
    attribute(wire.IFLA_INFO_KIND, Buffer.from("veth")),
    nestedAttribute(wire.IFLA_INFO_DATA, [nestedAttribute(wire.VETH_INFO_PEER, peer)]),
  ]);
  return {
    ...change(wire.RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, `create veth pair ${options.name}, ${options.peerName}`),
    payload: Buffer.concat([...end(options.name, options.mac, { index: options.index ?? 0, flags, change: flags }), info]),
  };
}

/** Well when it is gone already. */
export function linkDeletion(name: string): NetlinkRequest {
  return {
    ...change(wire.RTM_DELLINK, 0, `delete link ${name}`, "ENODEV"),
    payload: Buffer.concat([wire.linkHeader({}), textAttribute(wire.IFLA_IFNAME, name)]),
  };
}

export type LinkChange = { readonly up?: boolean; readonly mac?: string; readonly mtu?: number };

/** Changes a link, named by index or name. */
export function linkChange(link: string | number, options: LinkChange): NetlinkRequest {
  const header = wire.linkHeader({
    ...(typeof link === "number" && { index: link }),
    ...(options.up !== undefined && { flags: options.up ? wire.IFF_UP : 0, change: wire.IFF_UP }),
  });
  return {
    ...change(wire.RTM_NEWLINK, 0, `change link ${link}`),
    payload: Buffer.concat([
      header,
      ...(typeof link === "string" ? [textAttribute(wire.IFLA_IFNAME, link)] : []),
      ...(options.mac === undefined ? [] : [attribute(wire.IFLA_ADDRESS, parseMac(options.mac))]),
      ...(options.mtu === undefined ? [] : [numberAttribute(wire.IFLA_MTU, options.mtu)]),
    ]),
  };
}

/** One link by name, or all. */
export function linkQuery(name?: string, { counters = false } = {}): NetlinkRequest {
  return {
    ...change(wire.RTM_GETLINK, 0, name === undefined ? "list links" : `find link ${name}`),
    flags: name === undefined ? NLM_F_DUMP : 0,
    payload: Buffer.concat([
      wire.linkHeader({}),
      ...(counters ? [] : [numberAttribute(wire.IFLA_EXT_MASK, wire.RTEXT_FILTER_SKIP_STATS)]),
      ...(name === undefined ? [] : [textAttribute(wire.IFLA_IFNAME, name)]),
    ]),
  };
}

/** Well when it is there already. */
export function linkAddress(options: LinkAddress): NetlinkRequest {
  const { family, bytes } = parseIpAddress(options.address);
  const header = Buffer.alloc(8);
  header.writeUInt8(family, 0);
  header.writeUInt8(options.prefixLength, 1);
  header.writeUInt8(options.noDad ? wire.IFA_F_NODAD : 0, 2);
  header.writeUInt32LE(options.link, 4);
  const far = options.peer === undefined ? bytes : parseIpAddress(options.peer).bytes;
  return {
    ...change(
      wire.RTM_NEWADDR,
      NLM_F_CREATE | NLM_F_REPLACE,
      `add address ${options.address}/${options.prefixLength} to link ${options.link}`,
    ),
    payload: Buffer.concat([header, attribute(wire.IFA_LOCAL, bytes), attribute(wire.IFA_ADDRESS, far)]),
  };
}

export function addressQuery(): NetlinkRequest {
  return { ...change(wire.RTM_GETADDR, 0, "list addresses"), flags: NLM_F_DUMP, payload: Buffer.alloc(8) };
}

/** Takes the place of a route to the same destination. */
export function route(options: Route): NetlinkRequest {
  const scope = options.scope ?? (options.gateway === undefined ? "link" : "global");
  return {
    ...change(wire.RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, `add route to ${routeName(options)}`),
    payload: routePayload(options, { protocol: wire.RTPROT_STATIC, scope: wire.scopes[scope], type: wire.RTN_UNICAST }),
  };
}

/** In the kernel's own table of local addresses. Takes no other route's place; well when it is there already. */
export function localRoute(options: LocalRoute): NetlinkRequest {
  const kind = { protocol: wire.RTPROT_STATIC, scope: wire.scopes.host, type: wire.RTN_LOCAL };
  return {
    ...change(wire.RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, `add local route to ${routeName(options)} by link ${options.link}`, "EEXIST"),
    payload: routePayload({ ...options, table: wire.RT_TABLE_LOCAL }, kind),
  };
}

/** Well when it is gone already. */
export function routeDeletion(options: Route): NetlinkRequest {
  return {
    ...change(wire.RTM_DELROUTE, 0, `delete route to ${routeName(options)}`, "ESRCH"),
    payload: routePayload(options, { protocol: 0, scope: options.scope ? wire.scopes[options.scope] : wire.RT_SCOPE_NOWHERE, type: 0 }),
  };
}

export function neighbourQuery(): NetlinkRequest {
  return { ...change(wire.RTM_GETNEIGH, 0, "list neighbours"), flags: NLM_F_DUMP, payload: Buffer.alloc(wire.NEIGHBOUR_HEADER_BYTES) };
}

/** A permanent entry; takes the place of another for the same address. */
export function neighbour(options: Neighbour): NetlinkRequest {
  const { family, bytes } = parseIpAddress(options.address);
  const header = Buffer.alloc(wire.NEIGHBOUR_HEADER_BYTES);
  header.writeUInt8(family, 0);
  header.writeInt32LE(options.link, 4);
  header.writeUInt16LE(wire.NUD_PERMANENT, 8);
  return {
    ...change(wire.RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, `add neighbour ${options.address} to link ${options.link}`),
    payload: Buffer.concat([header, attribute(wire.NDA_DST, bytes), attribute(wire.NDA_LLADDR, parseMac(options.mac))]),
  };
}

function routePayload(options: Route, kind: { readonly protocol: number; readonly scope: number; readonly type: number }): Buffer {
  const destination = options.destination === undefined ? undefined : parseIpAddress(options.destination);
  const gateway = options.gateway === undefined ? undefined : parseIpAddress(options.gateway);
  const family = destination?.family ?? gateway?.family ?? (options.family === "inet6" ? AF_INET6 : AF_INET);
  const table = options.table ?? wire.RT_TABLE_MAIN;
  const prefixLength = options.prefixLength ?? (destination ? destination.bytes.length * 8 : 0);
  // struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, flags; IPv6 knows no scopes of routes
  const header = Buffer.from([
    family,
    prefixLength,
    0,
    0,
    table > 255 ? 0 : table,
    kind.protocol,
    family === AF_INET6 ? 0 : kind.scope,
    kind.type,
    0,
    0,
    0,
    0,
  ]);
  header.writeUInt32LE(options.onLink ? wire.RTNH_F_ONLINK : 0, 8);
  return Buffer.concat([
    header,
    ...(destination ? [attribute(wire.RTA_DST, destination.bytes)] : []),
    ...(gateway ? [attribute(wire.RTA_GATEWAY, gateway.bytes)] : []),
    ...(options.source === undefined ? [] : [attribute(wire.RTA_PREFSRC, parseIpAddress(options.source).bytes)]),
    ...optionalNumber(wire.RTA_PRIORITY, options.metric),
    ...optionalNumber(wire.RTA_OIF, options.link),
    ...optionalNumber(wire.RTA_TABLE, table > 255 ? table : undefined),
  ]);
}

function optionalNumber(type: number, value: number | undefined): readonly Buffer[] {
  return value === undefined ? [] : [numberAttribute(type, value)];
}

function routeName(options: Route): string {
  return options.destination === undefined ? "default" : `${options.destination}/${options.prefixLength ?? "host"}`;
}

function change(type: number, flags: number, what: string, ...harmless: readonly string[]): Omit<NetlinkRequest, "payload"> {
  return { type, flags: flags | NLM_F_ACK, what, harmless };
}
