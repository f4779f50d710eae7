/**
 * Which ports are listened on in the network namespace of the thread, by sock_diag(7). The same question to /proc/net/tcp makes the
 * kernel walk the table of all connections of the host, which takes milliseconds.
 */
import { closeSync } from "node:fs";
import { callLibc } from "./libc.ts";
import { encodeRequests, type NetlinkMessage, NLM_F_DUMP, NLMSG_DONE, NLMSG_ERROR, parseAck, parseMessages } from "./netlink-message.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0x80003;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const RECEIVE_BYTES = 64 * 1024;
/** struct inet_diag_req_v2: family, protocol, ext, pad, states, and an empty inet_diag_sockid. */
const REQUEST_BYTES = 56;
const families = [2, 10] as const;
/** IPPROTO_, and the state that waits for a peer: TCP_LISTEN, or TCP_CLOSE, as which a bound udp socket without a peer counts. */
const protocols = { tcp: { number: 6, state: 10 }, udp: { number: 17, state: 7 } } as const;

/**
 * States of tcp connections in which bytes may still have to go one way or the other: established, waiting in the accept queue or for
 * the last word of the handshake, and closed by one side. Not those that only wait for the other side's farewell.
 */
const busyStates = [1, 3, 4, 8, 9, 11].reduce((mask, state) => mask | (1 << state), 0);

/** Throws KernelError: ENOENT when the kernel lacks inet_diag. */
export function listListeners(protocol: keyof typeof protocols): ReadonlySet<number> {
  const { number, state } = protocols[protocol];
  return new Set(dump(number, 1 << state, `list ${protocol} listeners`));
}

/** Open tcp connections to these local ports. Throws KernelError as `listListeners`. */
export function countConnections(ports: ReadonlySet<number>): number {
  return dump(protocols.tcp.number, busyStates, "count connections").filter((port) => ports.has(port)).length;
}

/** The local port of every socket in one of these states. */
function dump(protocol: number, states: number, what: string): readonly number[] {
  const fd = callLibc(
    "int socket(int domain, int type, int protocol)",
    [AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG],
    () => "open sock_diag",
  );
  try {
    return families.flatMap((family) => ask(fd, { family, protocol, states, what }));
  } finally {
    closeSync(fd);
  }
}

interface Question {
  readonly family: number;
  readonly protocol: number;
  readonly states: number;
  readonly what: string;
}

function ask(fd: number, { family, protocol, states, what }: Question): readonly number[] {
  const payload = Buffer.alloc(REQUEST_BYTES);
  payload.writeUInt8(family, 0);
  payload.writeUInt8(protocol, 1);
  payload.writeUInt32LE(states, 4);
  const bytes = encodeRequests([{ type: SOCK_DIAG_BY_FAMILY, flags: NLM_F_DUMP, payload, what, harmless: [] }], 1);
  callLibc("long send(int fd, const void *bytes, size_t length, int flags)", [fd, bytes, bytes.length, 0], () => what);
  const ports: number[] = [];
  for (;;) {
    for (const message of receive(fd, what)) {
      if (message.type === NLMSG_DONE) return ports;
      if (message.type === NLMSG_ERROR) throw new Error(`${what}: the kernel answers error ${parseAck(message).errno}`);
      // struct inet_diag_msg: four bytes, then inet_diag_sockid, whose first field is the local port in network order.
      ports.push(message.payload.readUInt16BE(4));
    }
  }
}

function receive(fd: number, what: string): readonly NetlinkMessage[] {
  const buffer = Buffer.allocUnsafe(RECEIVE_BYTES);
  const length = callLibc("long recv(int fd, void *bytes, size_t length, int flags)", [fd, buffer, buffer.length, 0], () => what);
  return parseMessages(buffer.subarray(0, length));
}
