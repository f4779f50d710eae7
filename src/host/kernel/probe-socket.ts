/**
 * Sockets that send the packets of a network test: packet(7), raw(7), tcp(7). Each belongs for life to the network namespace that the
 * thread is in when it is made. Nothing waits.
 */
import { closeSync } from "node:fs";
import { bind, callLibc, KernelError } from "./libc.ts";
import { AF_INET, AF_INET6, parseIpAddress } from "./network-address.ts";

const AF_PACKET = 17;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
/** SOCK_NONBLOCK | SOCK_CLOEXEC */
const calm = 0x80800;
const IPPROTO_RAW = 255;
const SOL_SOCKET = 1;
const SO_LINGER = 13;
const SOL_TCP = 6;
const TCP_REPAIR = 19;
const TCP_REPAIR_QUEUE = 20;
const TCP_QUEUE_SEQ = 21;
const TCP_SEND_QUEUE = 2;
/** Without a word to the other side. */
const repairOff = 0xffff_ffff;
/** Level and name of the option, of each kind of IP. */
const hopLimits = { [AF_INET]: [0, 2], [AF_INET6]: [41, 16] } as const;

const socketCall = "int socket(int domain, int type, int protocol)";
const bindCall = "int bind(int fd, const void *address, unsigned int length)";
const optionCall = "int setsockopt(int fd, int level, int name, const void *value, unsigned int length)";
const sendCall = "long sendto(int fd, const void *bytes, size_t length, int flags, const void *address, unsigned int addressLength)";

/** Sends frames as they are, through any link of its namespace. Release with `using`. */
export class FrameSender implements Disposable {
  readonly #fd = callLibc(socketCall, [AF_PACKET, SOCK_RAW | calm, 0], () => "open a socket for frames");

  /** Throws KernelError: ENETDOWN, ENOBUFS, ENXIO. */
  send(link: number, frame: Buffer): void {
    callLibc(sendCall, [this.#fd, frame, frame.length, 0, linkAddress(link), 20], () => `send a frame on link ${link}`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** Sends whole IP packets the way that the namespace's own go: through its output rules and routes. Release with `using`. */
export class PacketSender implements Disposable {
  readonly #fds = { [AF_INET]: openRaw(AF_INET), [AF_INET6]: openRaw(AF_INET6) };

  /** Throws KernelError: ENETUNREACH, EPERM where a rule refuses it at once. */
  send(destination: string, packet: Buffer): void {
    const { family, bytes } = parseIpAddress(destination);
    const fd = this.#fds[family];
    const address = socketAddress(bytes, 0);
    callLibc(sendCall, [fd, packet, packet.length, 0, address, address.length], () => `send a packet to ${destination}`);
  }

  [Symbol.dispose](): void {
    for (const fd of Object.values(this.#fds)) closeSync(fd);
  }
}

/** The address that the namespace would send from; undefined when no way leads there. */
export function findSourceAddress(destination: string): Buffer | undefined {
  const { family, bytes } = parseIpAddress(destination);
  const fd = callLibc(socketCall, [family, SOCK_DGRAM | calm, 0], () => "open a socket");
  try {
    const address = socketAddress(bytes, 9);
    if (!connect(fd, address)) return undefined;
    return bytes.length === 4 ? nameOf(fd).subarray(4, 8) : nameOf(fd).subarray(8, 24);
  } finally {
    closeSync(fd);
  }
}

export interface Handshake {
  readonly destination: string;
  readonly port: number;
  /** That the connection begins with. */
  readonly sequence: number;
  /** A packet with this many left gets no further than to the first router. */
  readonly hops: number;
  /** Before anything is sent. */
  readonly onPort: (sourcePort: number) => void;
}

/**
 * Begins a connection as any program would, and takes it back at once. Where no way leads, nothing is sent.
 * @returns false where the kernel lets nobody choose the first number of a connection
 */
export function startConnection({ destination, port, sequence, hops, onPort }: Handshake): boolean {
  const { family, bytes } = parseIpAddress(destination);
  const fd = callLibc(socketCall, [family, SOCK_STREAM | calm, 0], () => "open a socket");
  try {
    if (!chooseSequence(fd, sequence)) return false;
    const own = socketAddress(Buffer.alloc(bytes.length), 0);
    callLibc(bindCall, [fd, own, own.length], () => "choose a port");
    const [level, option] = hopLimits[family];
    callLibc(optionCall, [fd, level, option, number32(hops), 4], () => "set a hop limit");
    // Nothing lingers: a connection that was made is reset.
    callLibc(optionCall, [fd, SOL_SOCKET, SO_LINGER, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), 8], () => "reset at the end");
    onPort(nameOf(fd).readUInt16BE(2));
    connect(fd, socketAddress(bytes, port));
    return true;
  } finally {
    closeSync(fd);
  }
}

/** A socket under repair may be given the number that it will begin with. Needs CONFIG_CHECKPOINT_RESTORE. */
function chooseSequence(fd: number, sequence: number): boolean {
  const steps = [
    [TCP_REPAIR, 1],
    [TCP_REPAIR_QUEUE, TCP_SEND_QUEUE],
    [TCP_QUEUE_SEQ, sequence],
    [TCP_REPAIR, repairOff],
  ] as const;
  return steps.every(([name, value]) => Number(bind("libc.so.6", optionCall)(fd, SOL_TCP, name, number32(value), 4)) === 0);
}

/** Whether it leads somewhere. */
function connect(fd: number, address: Buffer): boolean {
  try {
    callLibc("int connect(int fd, const void *address, unsigned int length)", [fd, address, address.length], () => "connect");
    return true;
  } catch (error) {
    if (error instanceof KernelError) return error.code === "EINPROGRESS";
    throw error;
  }
}

function nameOf(fd: number): Buffer {
  const address = Buffer.alloc(28);
  const length = number32(address.length);
  callLibc("int getsockname(int fd, void *address, void *length)", [fd, address, length], () => "ask a socket for its name");
  return address;
}

function openRaw(family: number): number {
  return callLibc(socketCall, [family, SOCK_RAW | calm, IPPROTO_RAW], () => "open a socket for packets");
}

/** struct sockaddr_in or sockaddr_in6. */
function socketAddress(address: Buffer, port: number): Buffer {
  const isIp4 = address.length === 4;
  const bytes = Buffer.alloc(isIp4 ? 16 : 28);
  bytes.writeUInt16LE(isIp4 ? AF_INET : AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  address.copy(bytes, isIp4 ? 4 : 8);
  return bytes;
}

/** struct sockaddr_ll. */
function linkAddress(link: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16LE(AF_PACKET, 0);
  bytes.writeInt32LE(link, 4);
  return bytes;
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
