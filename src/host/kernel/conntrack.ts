/** The connections that the kernel's firewall remembers, through nfnetlink (include/uapi/linux/netfilter/nfnetlink_conntrack.h). */
import { closeSync } from "node:fs";
import { callLibc, hasErrorCode, KernelError } from "./libc.ts";
import {
  attribute,
  encodeRequests,
  type NetlinkMessage,
  type NetlinkRequest,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLMSG_DONE,
  NLMSG_ERROR,
  parseAck,
  parseAttributes,
  parseMessages,
} from "./netlink-message.ts";
import { AF_INET, AF_INET6, parseIpAddress, renderIpAddress } from "./network-address.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0x80003;
const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_CTNETLINK = 1 << 8;
const IPCTNL_MSG_CT_GET = 1;
const IPCTNL_MSG_CT_DELETE = 2;
const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_ID = 12;
const CTA_ZONE = 18;
/** CTA_TUPLE_IP, of a tuple: CTA_IP_V4_SRC and DST, or CTA_IP_V6_SRC and DST. */
const CTA_TUPLE_IP = 1;
const CTA_IP_SRC = [1, 3] as const;
const CTA_IP_DST = [2, 4] as const;
const CTA_TUPLE_PROTO = 2;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_DST_PORT = 3;
const CTA_PROTO_SRC_PORT = 2;
const NLA_F_NESTED = 0x8000;
/** A dump fills one datagram after the other, each below this. */
const RECEIVE_BYTES = 256 * 1024;

export interface TrackedConnection {
  /** "tcp", "udp", or the protocol's number. */
  readonly protocol: string;
  /** Of the first packet, as it came. */
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly port: number;
  /** Where answers come from: the destination, unless that is translated. */
  readonly target: string;
  readonly targetPort: number;
  /** Where answers go to: the source, unless that is translated. */
  readonly answersTo: string;
}

/**
 * Forgets every connection from or to one of these addresses, before or after translation: their next packet begins a new one, and is
 * judged as such. Answers how many. Throws KernelError: EPROTONOSUPPORT or EINVAL where the kernel lacks nf_conntrack_netlink.
 */
export function forgetConnections(addresses: readonly string[]): number {
  const wanted = addresses.map(parseIpAddress);
  return withConntrack((fd) => {
    let forgotten = 0;
    for (const { family, bytes } of wanted) {
      for (const connection of list(fd, family)) if (isAbout(connection, bytes) && forget(fd, family, connection)) forgotten++;
    }
    return forgotten;
  });
}

/** Forgets those among all connections that the caller chooses, as `forgetConnections` does. Answers how many. Throws KernelError like it. */
export function forgetConnectionsWhere(isUnwanted: (connection: TrackedConnection) => boolean): number {
  return withConntrack((fd) => {
    let forgotten = 0;
    for (const family of [AF_INET, AF_INET6]) {
      for (const connection of list(fd, family)) {
        const tracked = parseConnection(connection);
        if (tracked && isUnwanted(tracked) && forget(fd, family, connection)) forgotten++;
      }
    }
    return forgotten;
  });
}

function withConntrack(work: (fd: number) => number): number {
  const fd = callLibc(
    "int socket(int domain, int type, int protocol)",
    [AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER],
    () => "open conntrack",
  );
  try {
    return work(fd);
  } finally {
    closeSync(fd);
  }
}

const protocols: Readonly<Record<number, string>> = { 6: "tcp", 17: "udp" };

function parseConnection(connection: Connection): TrackedConnection | undefined {
  const [original, reply] = [parseTuple(connection.get(CTA_TUPLE_ORIG)), parseTuple(connection.get(CTA_TUPLE_REPLY))];
  if (!original || !reply) return undefined;
  return {
    protocol: original.protocol,
    source: original.source,
    sourcePort: original.sourcePort,
    destination: original.destination,
    port: original.port,
    target: reply.source,
    targetPort: reply.sourcePort,
    answersTo: reply.destination,
  };
}

function parseTuple(bytes: Buffer | undefined) {
  if (!bytes) return undefined;
  const parts = parseAttributes(bytes);
  const ends = parseAttributes(parts.get(CTA_TUPLE_IP) ?? Buffer.alloc(0));
  const rest = parseAttributes(parts.get(CTA_TUPLE_PROTO) ?? Buffer.alloc(0));
  const [source, destination] = [CTA_IP_SRC, CTA_IP_DST].map((types) => ends.get(types[0]) ?? ends.get(types[1]));
  if (!source || !destination) return undefined;
  const protocol = rest.get(CTA_PROTO_NUM)?.[0] ?? 0;
  return {
    protocol: protocols[protocol] ?? String(protocol),
    source: renderIpAddress(source),
    sourcePort: rest.get(CTA_PROTO_SRC_PORT)?.readUInt16BE(0) ?? 0,
    destination: renderIpAddress(destination),
    port: rest.get(CTA_PROTO_DST_PORT)?.readUInt16BE(0) ?? 0,
  };
}

type Connection = ReadonlyMap<number, Buffer>;

function list(fd: number, family: number): readonly Connection[] {
  send(fd, request(IPCTNL_MSG_CT_GET, NLM_F_DUMP, family));
  const found: Connection[] = [];
  for (;;) {
    for (const message of receive(fd)) {
      if (message.type === NLMSG_DONE) return found;
      if (message.type === NLMSG_ERROR) throw refusal("list connections", message);
      found.push(parseAttributes(message.payload.subarray(4)));
    }
  }
}

/** False for one that has ended by itself. */
function forget(fd: number, family: number, connection: Connection): boolean {
  const id = connection.get(CTA_ID);
  const zone = connection.get(CTA_ZONE);
  const attributes = [
    attribute(CTA_TUPLE_ORIG | NLA_F_NESTED, connection.get(CTA_TUPLE_ORIG) ?? Buffer.alloc(0)),
    ...(id ? [attribute(CTA_ID, id)] : []),
    ...(zone ? [attribute(CTA_ZONE, zone)] : []),
  ];
  send(fd, request(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family, attributes));
  for (const message of receive(fd)) {
    if (message.type !== NLMSG_ERROR || parseAck(message).errno === 0) continue;
    const error = refusal("forget a connection", message);
    if (hasErrorCode(error, "ENOENT")) return false;
    throw error;
  }
  return true;
}

function isAbout(connection: Connection, address: Buffer): boolean {
  return [CTA_TUPLE_ORIG, CTA_TUPLE_REPLY].some((type) => {
    const ends = parseAttributes(connection.get(type) ?? Buffer.alloc(0)).get(CTA_TUPLE_IP);
    return ends !== undefined && [...parseAttributes(ends).values()].some((end) => end.equals(address));
  });
}

function request(message: number, flags: number, family: number, attributes: readonly Buffer[] = []): NetlinkRequest {
  // struct nfgenmsg: family, version 0, resource 0.
  const payload = Buffer.concat([Buffer.from([family, 0, 0, 0]), ...attributes]);
  return { type: NFNL_SUBSYS_CTNETLINK | message, flags, payload, what: "conntrack", harmless: [] };
}

function send(fd: number, message: NetlinkRequest): void {
  const bytes = encodeRequests([message], 1);
  callLibc("long send(int fd, const void *bytes, size_t length, int flags)", [fd, bytes, bytes.length, 0], () => "ask conntrack");
}

function receive(fd: number): readonly NetlinkMessage[] {
  const buffer = Buffer.allocUnsafe(RECEIVE_BYTES);
  const length = callLibc(
    "long recv(int fd, void *bytes, size_t length, int flags)",
    [fd, buffer, buffer.length, 0],
    () => "ask conntrack",
  );
  return parseMessages(buffer.subarray(0, length));
}

function refusal(what: string, message: NetlinkMessage): KernelError {
  const { errno, text } = parseAck(message);
  return new KernelError(what, errno, text);
}
