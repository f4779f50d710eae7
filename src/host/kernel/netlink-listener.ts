/** A netlink socket that only listens: in a thread of its own, asleep until the kernel has something, the time is up or the owner says stop. */
import { closeSync } from "node:fs";
import { callLibc, hasErrorCode } from "./libc.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0x80003;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const POLLIN = 1;
const MSG_DONTWAIT = 0x40;
/** Longer than any message of nfnetlink_log or audit: the kernel fills at most this many bytes into one datagram. */
const DATAGRAM_BYTES = 256 * 1024;

export interface ListenerOptions {
  /** NETLINK_… */
  readonly protocol: number;
  /** Mask of the multicast groups 1 to 32; 0 for none. */
  readonly groups: number;
  /** How much may wait in the kernel before something is lost. */
  readonly waitingBytes: number;
  /** An eventfd(2), readable once the listener should end. */
  readonly stop: number;
}

export type Woken = "data" | "time" | "stop";

export interface Gathering {
  /** How long after the first message all that came is told together. */
  readonly gatherMs: number;
  readonly take: (datagram: Buffer | "lost") => void;
  /**
   * @param nowMs infinite at the end
   * @returns in how many milliseconds it wants to tell again, whatever comes; infinite for not before there is something
   */
  readonly tell: (nowMs: number) => number;
}

export class NetlinkListener implements Disposable {
  readonly #fd: number;
  readonly #stop: number;
  readonly #buffer = Buffer.allocUnsafe(DATAGRAM_BYTES);

  /** Throws KernelError: EPROTONOSUPPORT when the kernel lacks the protocol, EPERM when the groups are not for us. */
  constructor({ protocol, groups, waitingBytes, stop }: ListenerOptions) {
    this.#stop = stop;
    const open = () => `open netlink protocol ${protocol}`;
    this.#fd = callLibc("int socket(int domain, int type, int protocol)", [AF_NETLINK, SOCK_RAW_CLOEXEC, protocol], open);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(waitingBytes);
    const setOption = "int setsockopt(int fd, int level, int name, const void *value, unsigned int length)";
    callLibc(setOption, [this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length], () => "let netlink messages wait");
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    address.writeUInt32LE(groups, 8);
    callLibc("int bind(int fd, const void *address, unsigned int length)", [this.#fd, address, address.length], open);
  }

  send(bytes: Buffer, what: string): void {
    callLibc("long send(int fd, const void *bytes, size_t length, int flags)", [this.#fd, bytes, bytes.length, 0], () => what);
  }

  /** @param timeoutMs -1 for as long as it takes */
  wait(timeoutMs: number): Woken {
    const asked = Buffer.alloc(16);
    for (const [position, fd] of [this.#stop, this.#fd].entries()) {
      asked.writeInt32LE(fd, position * 8);
      asked.writeInt16LE(POLLIN, position * 8 + 4);
    }
    try {
      callLibc("int poll(void *fds, unsigned long count, int timeout)", [asked, 2, Math.ceil(timeoutMs)], () => "wait for netlink");
    } catch (error) {
      if (hasErrorCode(error, "EINTR")) return "time";
      throw error;
    }
    if (asked.readInt16LE(6) !== 0) return "stop";
    return asked.readInt16LE(14) === 0 ? "time" : "data";
  }

  /** Until the owner says stop. */
  gather({ gatherMs, take, tell }: Gathering): void {
    let due = Number.POSITIVE_INFINITY;
    for (;;) {
      const woken = this.wait(Number.isFinite(due) ? Math.max(0, due - performance.now()) : -1);
      if (woken === "stop") break;
      if (woken === "data") {
        const datagram = this.receive();
        if (datagram !== undefined) take(datagram);
        due = Math.min(due, performance.now() + gatherMs);
      }
      if (performance.now() >= due) due = performance.now() + tell(performance.now());
    }
    tell(Number.POSITIVE_INFINITY);
  }

  /** The next datagram, good until the next call; "lost" when the kernel had to throw some away before; undefined when none waits. */
  receive(): Buffer | "lost" | undefined {
    try {
      const length = callLibc(
        "long recv(int fd, void *bytes, size_t length, int flags)",
        [this.#fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT],
        () => "read netlink",
      );
      return this.#buffer.subarray(0, length);
    } catch (error) {
      if (hasErrorCode(error, "EAGAIN", "EINTR")) return undefined;
      if (hasErrorCode(error, "ENOBUFS")) return "lost";
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
