/** Whom a network namespace believes to be where: its ARP and neighbour discovery entries, by rtnetlink(7). */
import { closeSync } from "node:fs";
import { callLibc } from "./libc.ts";
import { encodeRequests, NLM_F_DUMP, NLMSG_DONE, NLMSG_ERROR, parseAck, parseAttributes, parseMessages } from "./netlink-message.ts";
import { renderIpAddress, renderMac } from "./network-address.ts";
import { NDA_DST, NDA_LLADDR } from "./rtnetlink-wire.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0x80003;
const NETLINK_ROUTE = 0;
const RTM_GETNEIGH = 30;
/** struct ndmsg. */
const HEADER_BYTES = 12;
const RECEIVE_BYTES = 256 * 1024;

export interface NeighbourEntry {
  readonly link: number;
  readonly address: string;
  readonly mac: string;
}

/** Of the namespace that the thread is in; entries without a link address are left out. Throws KernelError. */
export function listNeighbours(): readonly NeighbourEntry[] {
  const what = "list neighbours";
  const fd = callLibc("int socket(int domain, int type, int protocol)", [AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE], () => what);
  try {
    const payload = Buffer.alloc(HEADER_BYTES);
    const bytes = encodeRequests([{ type: RTM_GETNEIGH, flags: NLM_F_DUMP, payload, what, harmless: [] }], 1);
    callLibc("long send(int fd, const void *bytes, size_t length, int flags)", [fd, bytes, bytes.length, 0], () => what);
    return readEntries(fd, what);
  } finally {
    closeSync(fd);
  }
}

function readEntries(fd: number, what: string): readonly NeighbourEntry[] {
  const buffer = Buffer.allocUnsafe(RECEIVE_BYTES);
  const entries: NeighbourEntry[] = [];
  for (;;) {
    const receive = "long recv(int fd, void *bytes, size_t length, int flags)";
    const length = callLibc(receive, [fd, buffer, buffer.length, 0], () => what);
    for (const message of parseMessages(buffer.subarray(0, length))) {
      if (message.type === NLMSG_DONE) return entries;
      if (message.type === NLMSG_ERROR) throw new Error(`${what}: the kernel answers error ${parseAck(message).errno}`);
      entries.push(...entryOf(message.payload));
    }
  }
}

function entryOf(payload: Buffer): readonly NeighbourEntry[] {
  const attributes = parseAttributes(payload.subarray(HEADER_BYTES));
  const [address, mac] = [attributes.get(NDA_DST), attributes.get(NDA_LLADDR)];
  if (!address || !mac || mac.length !== 6) return [];
  return [{ link: payload.readInt32LE(4), address: renderIpAddress(address), mac: renderMac(mac) }];
}
