/** The connections that the kernel's firewall remembers, through nfnetlink (include/uapi/linux/netfilter/nfnetlink_conntrack.h). */
import { closeSync } from "node:fs";
import { parseTrackedConnection, type TrackedConnection } from "./conntrack-wire.ts";
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
import { AF_INET, AF_INET6, parseIpAddress } from "./network-address.ts";

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
/** CTA_TUPLE_IP, of a tuple. */
const CTA_TUPLE_IP = 1;
const NLA_F_NESTED = 0x8000;
/** A dump fills one datagram after the other, each below this. */
const RECEIVE_BYTES = 256 * 1024;

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
      for (const payload of dump(fd, family)) {
        const tracked = parseTrackedConnection(payload);
        if (tracked && isUnwanted(tracked) && forget(fd, family, parseConnection(payload))) forgotten++;
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

type Connection = ReadonlyMap<number, Buffer>;

function list(fd: number, family: number): readonly Connection[] {
  return dump(fd, family).map(parseConnection);
}

/** After struct nfgenmsg. */
function parseConnection(payload: Buffer): Connection {
  return parseAttributes(payload.subarray(4));
}

function dump(fd: number, family: number): readonly Buffer[] {
  send(fd, request(IPCTNL_MSG_CT_GET, NLM_F_DUMP, family));
  const found: Buffer[] = [];
  for (;;) {
    for (const message of receive(fd)) {
      if (message.type === NLMSG_DONE) return found;
      if (message.type === NLMSG_ERROR) throw refusal("list connections", message);
      found.push(message.payload);
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
