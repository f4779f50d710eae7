/** Links, addresses, routes and neighbours of a network namespace, by rtnetlink(7) without any program. */
import { closeSync } from "node:fs";
import { bind, callLibc, KernelError } from "./libc.ts";
import {
  encodeRequests,
  type NetlinkMessage,
  type NetlinkRequest,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  parseAck,
  parseAttributes,
  parseMessages,
  textOf,
} from "./netlink-message.ts";
import { renderIpAddress, renderMac } from "./network-address.ts";
import * as requests from "./rtnetlink-requests.ts";
import * as wire from "./rtnetlink-wire.ts";

export type Link = {
  readonly name: string;
  readonly index: number;
  readonly up: boolean;
  /** The MAC address. */
  readonly address?: string;
  readonly mtu?: number;
  /** How it queues: `noqueue`, `htb`. */
  readonly qdisc?: string;
  /** `veth`, `bridge`; none for plain devices. */
  readonly kind?: string;
  /** The index of a veth's other end, in the other end's namespace. */
  readonly peerIndex?: number;
};

export type LinkCounters = {
  readonly receivedPackets: number;
  readonly sentPackets: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
};

/** Whom the namespace believes to be where: an entry of ARP or neighbour discovery. */
export type KnownNeighbour = { readonly index: number; readonly address: string; readonly mac: string };

export type AssignedAddress = { readonly index: number; readonly address: string; readonly prefixLength: number };

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0x80003;
const NETLINK_ROUTE = 0;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const RECEIVE_BYTES = 256 * 1024;
/** Answers wait in the socket's receive buffer; this many always fit. */
const BATCH = 64;

/** A socket bound for life to the network namespace that the thread is in when it is made. Release with `using`. */
export class Rtnetlink implements Disposable {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafe(RECEIVE_BYTES);
  #sequence = 1;
  #open = true;

  constructor() {
    this.#fd = callLibc(
      "int socket(int domain, int type, int protocol)",
      [AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE],
      () => "open rtnetlink",
    );
    const on = Buffer.from([1, 0, 0, 0]);
    this.#setOption(SOL_NETLINK, NETLINK_CAP_ACK, on);
    this.#setOption(SOL_NETLINK, NETLINK_EXT_ACK, on);
    // struct timeval of 5 s: the kernel answers within the send, so this only guards against a lost answer.
    this.#setOption(SOL_SOCKET, SO_RCVTIMEO, Buffer.from(new BigInt64Array([5n, 0n]).buffer));
  }

  /**
   * Sends changes in one go and reads every acknowledgement. Each stands alone: when one is refused the others have still been tried.
   * Throws KernelError for the first that was refused for a reason other than its harmless ones.
   */
  run(changes: readonly NetlinkRequest[]): void {
    const refusals: KernelError[] = [];
    for (let at = 0; at < changes.length; at += BATCH) this.#runBatch(changes.slice(at, at + BATCH), refusals);
    if (refusals[0]) throw refusals[0];
  }

  /** Throws KernelError: EEXIST when a name is taken. */
  createVethPair(options: requests.VethPair): void {
    this.run([requests.vethPair(options)]);
  }

  /** A veth's other end goes with it. Safe to repeat. Throws KernelError. */
  deleteLink(name: string): void {
    this.run([requests.linkDeletion(name)]);
  }

  /** Throws KernelError: ENODEV when there is no such link. */
  setLinkUp(link: string | number): void {
    this.run([requests.linkChange(link, { up: true })]);
  }

  /** Throws KernelError: ENODEV when there is no such link. */
  changeLink(link: string | number, options: requests.LinkChange): void {
    this.run([requests.linkChange(link, options)]);
  }

  /** Throws KernelError for anything but a missing link. */
  findLink(name: string): Link | undefined {
    try {
      return this.#ask(requests.linkQuery(name)).map(linkOf)[0];
    } catch (error) {
      if (error instanceof KernelError && error.code === "ENODEV") return undefined;
      throw error;
    }
  }

  /** Throws KernelError. */
  listLinks(): readonly Link[] {
    return this.#ask(requests.linkQuery()).map(linkOf);
  }

  /** Since the link was made; undefined when there is none. Throws KernelError. */
  readCounters(name: string): LinkCounters | undefined {
    try {
      return this.#ask(requests.linkQuery(name, { counters: true })).map(countersOf)[0];
    } catch (error) {
      if (error instanceof KernelError && error.code === "ENODEV") return undefined;
      throw error;
    }
  }

  /** Safe to repeat. Throws KernelError. */
  addAddress(options: requests.LinkAddress): void {
    this.run([requests.linkAddress(options)]);
  }

  /** Throws KernelError. */
  listAddresses(): readonly AssignedAddress[] {
    return this.#ask(requests.addressQuery()).map(addressOf);
  }

  /** Takes the place of a route to the same destination. Throws KernelError. */
  addRoute(options: requests.Route): void {
    this.run([requests.route(options)]);
  }

  /** Takes no route's place. Safe to repeat. Throws KernelError. */
  addLocalRoute(options: requests.LocalRoute): void {
    this.run([requests.localRoute(options)]);
  }

  /** Safe to repeat. Throws KernelError. */
  deleteRoute(options: requests.Route): void {
    this.run([requests.routeDeletion(options)]);
  }

  /** A permanent entry; takes the place of another for the same address. Throws KernelError. */
  addNeighbour(options: requests.Neighbour): void {
    this.run([requests.neighbour(options)]);
  }

  /** Entries without a link address are left out. Throws KernelError. */
  listNeighbours(): readonly KnownNeighbour[] {
    return this.#ask(requests.neighbourQuery()).flatMap(neighbourOf);
  }

  [Symbol.dispose](): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }

  #runBatch(batch: readonly NetlinkRequest[], refusals: KernelError[]): void {
    const first = this.#send(batch);
    for (let missing = batch.length; missing > 0; ) {
      for (const message of this.#receive()) {
        const request = batch[message.sequence - first];
        if (message.type !== NLMSG_ERROR || !request) continue;
        missing -= 1;
        const refusal = refusalOf(request, message);
        if (refusal && !request.harmless.includes(refusal.code)) refusals.push(refusal);
      }
    }
  }

  /** The answers to a query. A listing that changed under way is asked for again. */
  #ask(query: NetlinkRequest): readonly NetlinkMessage[] {
    for (;;) {
      const answers = this.#collect(query, this.#send([query]));
      if (!answers.some((message) => (message.flags & NLM_F_DUMP_INTR) !== 0))
        return answers.filter((message) => message.type !== NLMSG_DONE);
    }
  }

  #collect(query: NetlinkRequest, sequence: number): readonly NetlinkMessage[] {
    const isListing = (query.flags & NLM_F_DUMP) !== 0;
    const answers: NetlinkMessage[] = [];
    for (;;) {
      for (const message of this.#receive().filter((one) => one.sequence === sequence)) {
        const refusal = message.type === NLMSG_ERROR ? refusalOf(query, message) : undefined;
        if (refusal) throw refusal;
        // The receive buffer is used again for the next datagram.
        answers.push({ ...message, payload: Buffer.from(message.payload) });
        if (!isListing || message.type === NLMSG_DONE) return answers;
      }
    }
  }

  #send(batch: readonly NetlinkRequest[]): number {
    if (!this.#open) throw new Error("the rtnetlink socket is closed");
    const first = this.#sequence;
    this.#sequence += batch.length;
    const bytes = encodeRequests(batch, first);
    callLibc(
      "long send(int fd, const void *bytes, size_t length, int flags)",
      [this.#fd, bytes, bytes.length, 0],
      () => batch[0]?.what ?? "send",
    );
    return first;
  }

  #receive(): readonly NetlinkMessage[] {
    const length = callLibc(
      "long recv(int fd, void *bytes, size_t length, int flags)",
      [this.#fd, this.#buffer, this.#buffer.length, 0],
      () => "read rtnetlink",
    );
    return parseMessages(this.#buffer.subarray(0, length));
  }

  #setOption(level: number, name: number, value: Buffer): void {
    // Older kernels lack an option or two; then only the error texts are poorer.
    bind("libc.so.6", "int setsockopt(int fd, int level, int name, const void *value, unsigned int length)")(
      this.#fd,
      level,
      name,
      value,
      value.length,
    );
  }
}

function refusalOf(request: NetlinkRequest, message: NetlinkMessage): KernelError | undefined {
  const { errno, text } = parseAck(message);
  return errno === 0 ? undefined : new KernelError(request.what, errno, text);
}

function linkOf(message: NetlinkMessage): Link {
  const attributes = parseAttributes(message.payload.subarray(wire.LINK_HEADER_BYTES));
  const address = attributes.get(wire.IFLA_ADDRESS);
  const info = attributes.get(wire.IFLA_LINKINFO);
  const kind = info && parseAttributes(info).get(wire.IFLA_INFO_KIND);
  const mtu = attributes.get(wire.IFLA_MTU);
  const peer = attributes.get(wire.IFLA_LINK);
  const qdisc = attributes.get(wire.IFLA_QDISC);
  return {
    name: textOf(attributes.get(wire.IFLA_IFNAME) ?? Buffer.alloc(0)),
    index: message.payload.readInt32LE(4),
    up: (message.payload.readUInt32LE(8) & wire.IFF_UP) !== 0,
    ...(address && { address: renderMac(address) }),
    ...(mtu && { mtu: mtu.readUInt32LE() }),
    ...(qdisc && { qdisc: textOf(qdisc) }),
    ...(kind && { kind: textOf(kind) }),
    ...(peer && { peerIndex: peer.readUInt32LE() }),
  };
}

/** struct rtnl_link_stats64: packets and bytes received and sent are its first four numbers. */
function countersOf(message: NetlinkMessage): LinkCounters {
  const stats = parseAttributes(message.payload.subarray(wire.LINK_HEADER_BYTES)).get(wire.IFLA_STATS64) ?? Buffer.alloc(32);
  const [receivedPackets = 0, sentPackets = 0, receivedBytes = 0, sentBytes = 0] = [0, 8, 16, 24].map((at) =>
    Number(stats.readBigUInt64LE(at)),
  );
  return { receivedPackets, sentPackets, receivedBytes, sentBytes };
}

function addressOf(message: NetlinkMessage): AssignedAddress {
  const attributes = parseAttributes(message.payload.subarray(8));
  // IFA_ADDRESS is the far end of a point-to-point link; IPv6 often has nothing else.
  const bytes = attributes.get(wire.IFA_LOCAL) ?? attributes.get(wire.IFA_ADDRESS) ?? Buffer.alloc(4);
  return { index: message.payload.readUInt32LE(4), address: renderIpAddress(bytes), prefixLength: message.payload.readUInt8(1) };
}

function neighbourOf({ payload }: NetlinkMessage): readonly KnownNeighbour[] {
  const attributes = parseAttributes(payload.subarray(wire.NEIGHBOUR_HEADER_BYTES));
  const [address, mac] = [attributes.get(wire.NDA_DST), attributes.get(wire.NDA_LLADDR)];
  if (!address || mac?.length !== 6) return [];
  return [{ index: payload.readInt32LE(4), address: renderIpAddress(address), mac: renderMac(mac) }];
}
