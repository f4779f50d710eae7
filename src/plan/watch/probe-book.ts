/**
 * Which refused packets are the dock's own, sent by a test of networks, and so are no attack. Each packet that was sent is recognised once,
 * by all that a packet can be known by; another that looks the same is another's.
 */

export interface SentPacket {
  readonly protocol: string;
  readonly source: string;
  /** Of icmp and icmpv6 the identifier; absent where a packet has neither. */
  readonly sourcePort?: number | undefined;
  /** Where it may be on its way to when it is refused: before and after address translation. */
  readonly destinations: readonly string[];
  readonly port?: number | undefined;
  /** Where the firewall counts it, if it does. */
  readonly counted?: { readonly refusal: string; readonly link: string } | undefined;
}

export interface SeenPacket {
  readonly protocol: string;
  readonly source: string;
  readonly sourcePort?: number | undefined;
  readonly destination: string;
  readonly port?: number | undefined;
  readonly refusal: string;
  readonly link: string;
}

interface Entry {
  readonly sent: SentPacket;
  readonly untilMs: number;
}

export class ProbeBook {
  readonly #entries = new Map<string, Entry[]>();
  /** Own packets that the firewall has counted, or will, and that nobody has accounted for. */
  readonly #counted = new Map<string, { count: number; untilMs: number }>();

  /**
   * Before they are sent.
   * @param untilMs so long may it take until they are told or counted, by the clock of the other calls
   */
  expect(packets: readonly SentPacket[], untilMs: number): void {
    for (const sent of packets) {
      const key = keyOf(sent);
      const same = this.#entries.get(key);
      if (same) same.push({ sent, untilMs });
      else this.#entries.set(key, [{ sent, untilMs }]);
      if (sent.counted) this.#credit(keyOfCount(sent.counted.refusal, sent.counted.link), untilMs);
    }
  }

  /** Whether a refused packet is one of ours that has not been seen yet. */
  recognise(seen: SeenPacket): boolean {
    const key = keyOf(seen);
    const same = this.#entries.get(key) ?? [];
    const at = same.findIndex(({ sent }) => sent.port === seen.port && sent.destinations.includes(seen.destination));
    if (at < 0) return false;
    same.splice(at, 1);
    if (same.length === 0) this.#entries.delete(key);
    const account = this.#counted.get(keyOfCount(seen.refusal, seen.link));
    if (account && account.count > 0) account.count -= 1;
    return true;
  }

  /**
   * How many of the packets that the firewall has counted and nobody told one by one are ours. Each is answered once.
   * @param untold at most so many
   */
  account(refusal: string, link: string, untold: number): number {
    const account = this.#counted.get(keyOfCount(refusal, link));
    const own = Math.min(untold, account?.count ?? 0);
    if (account) account.count -= own;
    return own;
  }

  /** Forgets what can no longer be told. */
  expire(nowMs: number): void {
    for (const [key, entries] of this.#entries) {
      const left = entries.filter(({ untilMs }) => untilMs > nowMs);
      if (left.length === 0) this.#entries.delete(key);
      else if (left.length < entries.length) this.#entries.set(key, left);
    }
    for (const [key, { untilMs }] of this.#counted) if (untilMs <= nowMs) this.#counted.delete(key);
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.#counted.size === 0;
  }

  #credit(key: string, untilMs: number): void {
    const account = this.#counted.get(key) ?? { count: 0, untilMs };
    account.count += 1;
    account.untilMs = Math.max(account.untilMs, untilMs);
    this.#counted.set(key, account);
  }
}

function keyOf({ protocol, source, sourcePort }: { protocol: string; source: string; sourcePort?: number | undefined }): string {
  return `${protocol} ${source} ${sourcePort ?? ""}`;
}

function keyOfCount(refusal: string, link: string): string {
  return `${refusal} ${link}`;
}
