/**
 * Captures: sockets that see the packets of one network test, and little else: packet(7), raw(7). Each belongs for life to the network
 * namespace that the thread is in when it is made. Reading never waits.
 */
import { closeSync } from "node:fs";
import koffi from "koffi";
import { bind, callLibc } from "./libc.ts";
import { AF_INET, AF_INET6 } from "./network-address.ts";
import { type CapturePoint, renderProbeFilter } from "./probe-filter.ts";
import { findProbe, type ProbeRun } from "./probe-mark.ts";

const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
/** SOCK_NONBLOCK | SOCK_CLOEXEC */
const calm = 0x80800;
const ETH_P_ALL = 3;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SO_RCVBUFFORCE = 33;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;
const MSG_DONTWAIT = 0x40;

const socketCall = "int socket(int domain, int type, int protocol)";
const optionCall = "int setsockopt(int fd, int level, int name, const void *value, unsigned int length)";
/** How much may wait in one capture before something is lost: memory that is used only when it fills. */
const waitingBytes = 8 * 1024 * 1024;

export interface Sighting {
  /** Which probe. */
  readonly number: number;
  /** The link it came or left by; 0 where that is not known. */
  readonly link: number;
}

/** Sees the packets of one test at one point of a namespace. Release with `using`. */
export class Capture implements Disposable {
  readonly #fd: number;
  readonly #run: ProbeRun;
  readonly #protocol: number | undefined;
  readonly #isLink: boolean;
  readonly #buffer = Buffer.allocUnsafe(512);
  readonly #address = Buffer.alloc(20);
  readonly #length = Buffer.alloc(4);

  /** All links of the namespace, or all that is delivered to it. Throws KernelError. */
  constructor(run: ProbeRun, point: CapturePoint) {
    this.#run = run;
    this.#isLink = point.kind === "link";
    this.#protocol = point.kind === "behind-ip6" ? point.protocol : undefined;
    this.#fd = callLibc(socketCall, socketOf(point), () => "open a capture");
    try {
      this.#prepare(run, point);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** Everything that has come since. Throws KernelError. */
  read(): readonly Sighting[] {
    const found: Sighting[] = [];
    const receive = bind("libc.so.6", "long recvfrom(int fd, void *bytes, size_t length, int flags, void *address, void *addressLength)");
    for (;;) {
      this.#length.writeUInt32LE(this.#address.length, 0);
      const length = Number(receive(this.#fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT, this.#address, this.#length));
      if (length < 0) return found;
      const number = findProbe(this.#run, this.#buffer.subarray(0, length), this.#protocol);
      if (number !== undefined) found.push({ number, link: this.#isLink ? this.#address.readInt32LE(4) : 0 });
    }
  }

  /** How many packets had no room since the last question; only links are asked. */
  countLost(): number {
    if (!this.#isLink) return 0;
    const statistics = Buffer.alloc(8);
    const length = Buffer.from([8, 0, 0, 0]);
    const call = "int getsockopt(int fd, int level, int name, void *value, void *length)";
    callLibc(call, [this.#fd, SOL_PACKET, PACKET_STATISTICS, statistics, length], () => "count lost packets");
    return statistics.readUInt32LE(4);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  /** The filter comes before the first packet: a packet socket of protocol 0 hears nothing until it is bound. */
  #prepare(run: ProbeRun, point: CapturePoint): void {
    attachFilter(this.#fd, renderProbeFilter(run, point));
    const size = Buffer.alloc(4);
    size.writeUInt32LE(waitingBytes);
    callLibc(optionCall, [this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length], () => "let packets wait");
    // Raw sockets of IP hear from their first moment on: what came before the filter is thrown away.
    if (!this.#isLink) return void this.read();
    // struct sockaddr_ll: all links.
    const address = Buffer.alloc(20);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16BE(ETH_P_ALL, 2);
    callLibc("int bind(int fd, const void *address, unsigned int length)", [this.#fd, address, 20], () => "capture on all links");
  }
}

/** Everything that reaches the namespace itself: what its programs could hear. Tcp, udp and icmp of both kinds of IP. Throws KernelError. */
export function openLocalCaptures(run: ProbeRun, families: readonly (4 | 6)[]): readonly Capture[] {
  const points = families.flatMap((family): readonly CapturePoint[] =>
    family === 4
      ? [6, 17, 1].map((protocol) => ({ kind: "ip4", protocol }))
      : [6, 17, 58].map((protocol) => ({ kind: "behind-ip6", protocol })),
  );
  return points.map((point) => new Capture(run, point));
}

function socketOf(point: CapturePoint): readonly [number, number, number] {
  switch (point.kind) {
    case "link":
      // Of the cooked kind: it begins with the network header on every sort of link.
      return [AF_PACKET, SOCK_DGRAM | calm, 0];
    case "ip4":
      return [AF_INET, SOCK_RAW | calm, point.protocol];
    case "behind-ip6":
      return [AF_INET6, SOCK_RAW | calm, point.protocol];
    default:
      return point satisfies never;
  }
}

/** struct sock_fprog: the number of instructions, and where they are. */
function attachFilter(fd: number, program: Buffer): void {
  const pointer = Buffer.alloc(16);
  pointer.writeUInt16LE(program.length / 8, 0);
  pointer.writeBigUInt64LE(koffi.address(program), 8);
  callLibc(optionCall, [fd, SOL_SOCKET, SO_ATTACH_FILTER, pointer, pointer.length], () => "attach a filter");
}
