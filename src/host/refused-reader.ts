/** Packets that rules log to user space: equal ones become one with a count. */
import { bind, KernelError } from "./kernel/libc.ts";
import type { NetlinkListener } from "./kernel/netlink-listener.ts";
import { NLMSG_ERROR, parseAck, parseMessages, textOf } from "./kernel/netlink-message.ts";
import { parseLoggedPacket } from "./kernel/nflog-packet.ts";
import { nflogPacket } from "./kernel/nflog-wire.ts";
import type { NetfilterMessage, RefusedPackets } from "./netfilter.ts";

/** More kinds of packets than this in one batch are only counted. */
const mostKinds = 2_000;
/** Of one kind. */
const mostSenders = 256;

export class RefusedReader {
  readonly #tellMessage: (message: NetfilterMessage) => void;
  #kinds = new Map<string, RefusedPackets & { count: number; readonly senders: number[] }>();
  #links = new Map<number, string>();
  #beyond = 0;
  #lost = 0;

  constructor(tell: (message: NetfilterMessage) => void) {
    this.#tellMessage = tell;
  }

  take(datagram: Buffer | "lost"): void {
    if (datagram === "lost") this.#lost += 1;
    else for (const message of parseMessages(datagram)) if (message.type === nflogPacket) this.#note(message.payload);
  }

  #note(payload: Buffer): void {
    const { prefix, inIndex, outIndex, headers } = parseLoggedPacket(payload);
    const [inLink, outLink] = [this.#linkName(inIndex), this.#linkName(outIndex)];
    // The source port of a new attempt is another every time: it does not make another kind.
    const { sourcePort, icmpId, ...same } = headers ?? { source: "", destination: "", protocol: "" };
    const sender = sourcePort ?? icmpId;
    const key = JSON.stringify([prefix, inLink, outLink, same]);
    const known = this.#kinds.get(key);
    if (known) {
      known.count += 1;
      if (sender !== undefined && known.senders.length < mostSenders) known.senders.push(sender);
    } else if (this.#kinds.size >= mostKinds) this.#beyond += 1;
    else {
      const links = { ...(inLink && { inLink }), ...(outLink && { outLink }) };
      this.#kinds.set(key, { prefix, ...links, ...(headers && { headers }), count: 1, senders: sender === undefined ? [] : [sender] });
    }
  }

  tell(): number {
    if (this.#kinds.size > 0 || this.#lost > 0)
      this.#tellMessage({ kind: "refused", packets: [...this.#kinds.values()], beyond: this.#beyond, lost: this.#lost });
    this.#kinds = new Map();
    this.#links = new Map();
    this.#beyond = 0;
    this.#lost = 0;
    return Number.POSITIVE_INFINITY;
  }

  /** Asked once for each batch: a number is never used for another link, but a name may change. */
  #linkName(index: number | undefined): string | undefined {
    if (index === undefined) return undefined;
    const known = this.#links.get(index) ?? findLinkName(index);
    if (known !== undefined) this.#links.set(index, known);
    return known;
  }
}

function findLinkName(index: number): string | undefined {
  const name = Buffer.alloc(16);
  return bind("libc.so.6", "void *if_indextoname(unsigned int index, void *name)")(index, name) ? textOf(name) : undefined;
}

/** The kernel's answers to `encodeNflogBinding`. Throws KernelError: EBUSY when another program reads the group. */
export function awaitBinding(listener: NetlinkListener, group: number, answers: number): void {
  let missing = answers;
  while (missing > 0 && listener.wait(5_000) === "data") {
    const datagram = listener.receive();
    if (!Buffer.isBuffer(datagram)) continue;
    for (const message of parseMessages(datagram)) {
      if (message.type !== NLMSG_ERROR) continue;
      const { errno, text } = parseAck(message);
      if (errno !== 0) throw new KernelError(`bind log group ${group}`, errno, text);
      missing -= 1;
    }
  }
  if (missing > 0) throw new Error(`cannot bind log group ${group}: the kernel does not answer`);
}
