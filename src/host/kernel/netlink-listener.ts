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

/** One of several sockets that a thread listens to. */
export interface Source {
  readonly listener: NetlinkListener;
  readonly gathering: Gathering;
}

export class NetlinkListener implements Disposable {
  readonly fd: number;
  readonly #stop: number;
  readonly #buffer = Buffer.allocUnsafe(DATAGRAM_BYTES);

  /** Throws KernelError: EPROTONOSUPPORT when the kernel lacks the protocol, EPERM when the groups are not for us. */
  constructor({ protocol, groups, waitingBytes, stop }: ListenerOptions) {
    this.#stop = stop;
    const open = () => `open netlink protocol ${protocol}`;
    this.fd = callLibc("int socket(int domain, int type, int protocol)", [AF_NETLINK, SOCK_RAW_CLOEXEC, protocol], open);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(waitingBytes);
    const setOption = "int setsockopt(int fd, int level, int name, const void *value, unsigned int length)";
    callLibc(setOption, [this.fd, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length], () => "let netlink messages wait");
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    address.writeUInt32LE(groups, 8);
    callLibc("int bind(int fd, const void *address, unsigned int length)", [this.fd, address, address.length], open);
  }

  send(bytes: Buffer, what: string): void {
    callLibc("long send(int fd, const void *bytes, size_t length, int flags)", [this.fd, bytes, bytes.length, 0], () => what);
  }

  /** @param timeoutMs -1 for as long as it takes */
  wait(timeoutMs: number): Woken {
    const ready = poll([this.#stop, this.fd], timeoutMs);
    if (ready[0]) return "stop";
    return ready[1] ? "data" : "time";
  }

  /** Until the owner says stop. */
  gather(gathering: Gathering): void {
    gatherFrom(this.#stop, [{ listener: this, gathering }]);
  }

  /** The next datagram, good until the next call; "lost" when the kernel had to throw some away before; undefined when none waits. */
  receive(): Buffer | "lost" | undefined {
    try {
      const length = callLibc(
        "long recv(int fd, void *bytes, size_t length, int flags)",
        [this.fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT],
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
    closeSync(this.fd);
  }
}

/** Several sockets at once, until the owner says stop. */
export function gatherFrom(stop: number, sources: readonly Source[]): void {
  const fds = [stop, ...sources.map(({ listener }) => listener.fd)];
  const due = sources.map(() => Number.POSITIVE_INFINITY);
  for (;;) {
    const soonest = Math.min(...due);
    const ready = poll(fds, Number.isFinite(soonest) ? Math.max(0, soonest - performance.now()) : -1);
    if (ready[0]) break;
    for (const [index, source] of sources.entries()) due[index] = serve(source, ready[index + 1] === true, due[index] ?? 0);
  }
  for (const { gathering } of sources) gathering.tell(Number.POSITIVE_INFINITY);
}

/** @returns when it wants to tell, at the latest */
function serve({ listener, gathering: { gatherMs, take, tell } }: Source, isReady: boolean, dueMs: number): number {
  let untilMs = dueMs;
  if (isReady) {
    const datagram = listener.receive();
    if (datagram !== undefined) take(datagram);
    untilMs = Math.min(untilMs, performance.now() + gatherMs);
  }
  return performance.now() >= untilMs ? performance.now() + tell(performance.now()) : untilMs;
}

/** Which descriptors can be read; none when the time is up or a signal came. @param timeoutMs -1 for as long as it takes */
function poll(fds: readonly number[], timeoutMs: number): readonly boolean[] {
  const asked = Buffer.alloc(fds.length * 8);
  for (const [position, fd] of fds.entries()) {
    asked.writeInt32LE(fd, position * 8);
    asked.writeInt16LE(POLLIN, position * 8 + 4);
  }
  const words = [asked, fds.length, Math.ceil(timeoutMs)];
  try {
    callLibc("int poll(void *fds, unsigned long count, int timeout)", words, () => "wait for netlink");
  } catch (error) {
    if (hasErrorCode(error, "EINTR")) return fds.map(() => false);
    throw error;
  }
  return fds.map((_, position) => asked.readInt16LE(position * 8 + 6) !== 0);
}
