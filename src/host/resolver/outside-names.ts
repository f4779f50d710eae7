/**
 * Outside names on the dock's side: each is resolved once for all that ask, and its addresses are opened for an asker before it hears of
 * them, and closed again some time after it has to ask anew.
 */
import { KeyedLock } from "../../base/keyed-lock.ts";
import type { ResolvedName } from "../resolve-name-ttl.ts";
import { canonicalAddress } from "./resolver-policy.ts";
import { emptyMs, failedMs, type Resolution } from "./resolver-words.ts";

export interface HeldAddress {
  readonly address: string;
  /** Of `now`'s clock: open until then, unless it is asked for again. */
  readonly untilMs: number;
}

export interface OutsideNamesOptions {
  readonly resolve: (name: string) => Promise<ResolvedName>;
  /** Monotonic, milliseconds. */
  readonly now: () => number;
  /** Whether an ISC may be sent there; see createAddressFilter. */
  readonly isAllowed: (address: string) => boolean;
  /**
   * All addresses that are to be open for this asker because of this name, and no others; none: close it. The answer waits for it. One call
   * at a time for each asker and name; again after a failure.
   */
  readonly onHeld: (asker: string, name: string, held: readonly HeldAddress[]) => Promise<void>;
  /** Addresses that were left out of an answer. */
  readonly onRebinding: (asker: string, name: string, addresses: readonly string[]) => void;
}

const shortestTtlSeconds = 5;
const longestTtlSeconds = 300;
/** Programs use an address a little longer than they may. */
const graceMs = 30_000;
/** Nobody needs more of one name. */
const mostAddresses = 32;

interface Known {
  readonly resolution: Exclude<Resolution, { kind: "found" }> | { readonly kind: "found"; readonly addresses: readonly string[] };
  readonly rebinding: readonly string[];
  readonly untilMs: number;
}

interface Held {
  readonly asker: string;
  readonly name: string;
  readonly until: ReadonlyMap<string, number>;
}

export class OutsideNames {
  readonly #options: OutsideNamesOptions;
  readonly #lock = new KeyedLock();
  readonly #known = new Map<string, Known>();
  readonly #looking = new Map<string, Promise<Known>>();
  readonly #held = new Map<string, Held>();
  #isPermitted: (asker: string, name: string) => boolean = () => true;

  constructor(options: OutsideNamesOptions) {
    this.#options = options;
  }

  /** Rejects when the way could not be opened. */
  async ask(asker: string, name: string): Promise<Resolution> {
    const { resolution, rebinding, untilMs } = await this.#find(name);
    if (rebinding.length > 0) this.#options.onRebinding(asker, name, rebinding);
    if (resolution.kind !== "found") return resolution;
    const isOpen = await this.#hold(asker, name, resolution.addresses, untilMs + graceMs);
    const ttlSeconds = Math.max(1, Math.floor((untilMs - this.#options.now()) / 1_000));
    return isOpen ? { ...resolution, ttlSeconds } : { kind: "failed" };
  }

  /** Closes what is over, or what is not permitted any more. Call it every second or so. */
  async sweep(): Promise<void> {
    const nowMs = this.#options.now();
    for (const [name, { untilMs }] of this.#known) if (untilMs <= nowMs) this.#known.delete(name);
    await Promise.all([...this.#held.entries()].map(([key, held]) => this.#sweepOne(key, held)));
  }

  /** From now on only this is opened; what else is open is closed. Give it every policy that the resolver is given, before that. */
  async permit(isPermitted: (asker: string, name: string) => boolean): Promise<void> {
    this.#isPermitted = isPermitted;
    await this.sweep();
  }

  async #find(name: string): Promise<Known> {
    const known = this.#known.get(name);
    if (known && known.untilMs > this.#options.now()) return known;
    const looking = this.#looking.get(name) ?? this.#look(name);
    this.#looking.set(name, looking);
    return looking;
  }

  async #look(name: string): Promise<Known> {
    const resolved = await this.#options.resolve(name).catch((): ResolvedName => ({ kind: "failed" }));
    const known = this.#judge(resolved, this.#options.now());
    this.#known.set(name, known);
    this.#looking.delete(name);
    return known;
  }

  #judge(resolved: ResolvedName, nowMs: number): Known {
    if (resolved.kind === "failed") return { resolution: resolved, rebinding: [], untilMs: nowMs + failedMs };
    const all = resolved.kind === "found" ? resolved.addresses.slice(0, mostAddresses) : [];
    const allowed = all.filter(({ address }) => this.#options.isAllowed(address));
    const rebinding = all.filter((one) => !allowed.includes(one)).map(({ address }) => address);
    if (allowed.length === 0) return { resolution: { kind: "none" }, rebinding, untilMs: nowMs + emptyMs };
    const ttlSeconds = Math.min(...allowed.map((one) => one.ttlSeconds));
    const clampedSeconds = Math.min(Math.max(ttlSeconds, shortestTtlSeconds), longestTtlSeconds);
    const addresses = [...new Set(allowed.map(({ address }) => canonicalAddress(address)))];
    return { resolution: { kind: "found", addresses }, rebinding, untilMs: nowMs + clampedSeconds * 1_000 };
  }

  #hold(asker: string, name: string, addresses: readonly string[], untilMs: number): Promise<boolean> {
    const key = keyOf(asker, name);
    return this.#lock.run(key, async () => {
      if (!this.#isPermitted(asker, name)) return false;
      const before = this.#held.get(key)?.until ?? new Map<string, number>();
      const until = new Map([...before, ...addresses.map((address) => [address, Math.max(untilMs, before.get(address) ?? 0)] as const)]);
      const isNew = addresses.some((address) => before.get(address) !== until.get(address));
      if (isNew) await this.#tell({ asker, name, until });
      return true;
    });
  }

  #sweepOne(key: string, { asker, name }: Held): Promise<void> {
    return this.#lock.run(key, async () => {
      const before = this.#held.get(key)?.until ?? new Map<string, number>();
      const nowMs = this.#options.now();
      const isPermitted = this.#isPermitted(asker, name);
      const until = new Map([...before].filter(([, untilMs]) => isPermitted && untilMs > nowMs));
      if (until.size < before.size) await this.#tell({ asker, name, until });
    });
  }

  /** What could not be told is told again: an opening by the next question, a closing by the next sweep. */
  async #tell(held: Held): Promise<void> {
    const { asker, name, until } = held;
    await this.#options.onHeld(
      asker,
      name,
      [...until].map(([address, untilMs]) => ({ address, untilMs })),
    );
    if (until.size > 0) this.#held.set(keyOf(asker, name), held);
    else this.#held.delete(keyOf(asker, name));
  }
}

function keyOf(asker: string, name: string): string {
  return `${asker} ${name}`;
}
