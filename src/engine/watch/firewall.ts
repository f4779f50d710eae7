/**
 * The firewall sensor: what was refused, and to or of whom. Packets come through the kernel's log to user space, as many as each link may
 * put into it; how many there were in truth the firewall's counters say. Without that log only the counters are told.
 */
import { reasonOf } from "../../base/reason-of.ts";
import type { NetfilterMessage, NetfilterOptions, RefusedBatch, RefusedPackets } from "../../host/netfilter.ts";
import { isAddressOfDock, tableName } from "../../model/identity.ts";
import { identityOf, instancesOf } from "../../model/isc.ts";
import { RefusalCounts } from "../../plan/watch/refusal-counts.ts";
import { intervalMs, RefusalTally } from "../../plan/watch/refusal-tally.ts";
import { describeCount, type Refused } from "../../plan/watch/refusal-words.ts";
import { type Refusal, refusals } from "../../render/nft-ruleset-refusals.ts";
import type { Engine } from "../engine.ts";
import { FirewallGuard } from "./firewall-guard.ts";

/** IP with options or extensions, and the ports behind. */
const copyBytes = 128;
const endsEveryMs = 1_000;

export interface FirewallOptions {
  /** The dock's table is put back when somebody else has changed it. */
  readonly restore: boolean;
}

export async function startFirewall(engine: Engine, { restore }: FirewallOptions): Promise<AsyncDisposable> {
  const sensor = new FirewallSensor(engine);
  const guard = new FirewallGuard(engine, restore);
  const timers = [
    setInterval(() => {
      sensor.endIntervals();
      guard.endIntervals();
    }, endsEveryMs).unref(),
    setInterval(() => sensor.lookAtCounters(), intervalMs).unref(),
  ];
  const ears = new Ears(engine, sensor, guard);
  await ears.open();
  return {
    [Symbol.asyncDispose]: async () => {
      for (const timer of timers) clearInterval(timer);
      await ears[Symbol.asyncDispose]();
      guard[Symbol.dispose]();
      sensor.endIntervals(Number.POSITIVE_INFINITY);
    },
  };
}

/** One thread for both. Where packets cannot be read, changes of the table still are, and the counters go on. */
class Ears implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #sensor: FirewallSensor;
  readonly #guard: FirewallGuard;
  #listener: AsyncDisposable | undefined;

  constructor(engine: Engine, sensor: FirewallSensor, guard: FirewallGuard) {
    this.#engine = engine;
    this.#sensor = sensor;
    this.#guard = guard;
  }

  async open(): Promise<void> {
    const { firewall, dock } = this.#engine;
    const table = tableName(dock);
    if (firewall.logGroup === undefined) this.#sensor.tellMissing("the kernel has no nfnetlink_log");
    else if (await this.#listen({ table, log: { group: firewall.logGroup, copyBytes } }, (reason) => this.#sensor.tellMissing(reason)))
      return;
    await this.#listen({ table }, (reason) => this.#guard.tellMissing(reason));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
  }

  async #listen(options: NetfilterOptions, missing: (reason: string) => void): Promise<boolean> {
    const onEnd = (reason: string) => {
      if (options.log) this.#sensor.tellMissing(reason);
      this.#guard.tellMissing(reason);
    };
    try {
      this.#listener = await this.#engine.host.netfilter(options, { onMessage: (message) => this.#take(message), onEnd });
      this.#guard.begin();
      return true;
    } catch (error) {
      missing(reasonOf(error));
      return false;
    }
  }

  #take(message: NetfilterMessage): void {
    if (message.kind === "refused") this.#sensor.take(message);
    else this.#guard.take(message);
  }
}

class FirewallSensor {
  readonly #engine: Engine;
  readonly #tally = new RefusalTally();
  readonly #counts = new RefusalCounts();
  #hasLog = true;
  #active = true;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  tellMissing(reason: string): void {
    this.#hasLog = false;
    this.#engine.events.emit({
      sensor: "firewall",
      severity: "warning",
      kind: "sensor.missing",
      message: `refused packets are counted but not seen one by one: ${reason}`,
      facts: { sensor: "firewall", reason, remains: "counters of the firewall" },
    });
  }

  take({ packets, beyond, lost }: RefusedBatch): void {
    this.#active = true;
    const owners = new Owners(this.#engine);
    const now = this.#engine.host.monotonic();
    for (const packet of packets) {
      const all = toRefused(this.#engine, owners, packet);
      if (!all) continue;
      const own = this.#countOwn(packet, all);
      if (all.link !== "") this.#counts.told(packet.prefix, all.link, packet.count, own);
      const refused = { ...all, count: packet.count - own };
      if (refused.count === 0) continue;
      for (const draft of this.#tally.note(refused, now)) this.#engine.events.emit(draft);
    }
    // Those are missing from what was told, so the counters show them.
    if (beyond > 0 || lost > 0) this.#active = true;
  }

  endIntervals(nowMs = this.#engine.host.monotonic()): void {
    if (this.#tally.isEmpty) return;
    for (const draft of this.#tally.end(nowMs)) this.#engine.events.emit(draft);
  }

  /** How many of these the dock has sent itself, to test its networks. */
  #countOwn({ prefix, senders, count }: RefusedPackets, { protocol, source, destination, port, link }: Refused): number {
    const { probeBook } = this.#engine;
    if (probeBook.isEmpty) return 0;
    const seen = { protocol, source, destination, port, refusal: prefix, link };
    const each = senders.length === 0 ? Array.from<undefined>({ length: count }) : senders;
    return each.filter((sourcePort) => probeBook.recognise({ ...seen, sourcePort })).length;
  }

  /** Only where something may have changed: whatever is refused puts its first packets into the log. */
  lookAtCounters(): void {
    if (this.#hasLog && !this.#active && !this.#counts.isBehind) return;
    this.#active = false;
    const owners = new Owners(this.#engine);
    const { probeBook } = this.#engine;
    probeBook.expire(this.#engine.host.monotonic());
    const ownOf = (refusal: string, link: string, untold: number) => probeBook.account(refusal, link, untold);
    for (const { refusal, link, refused, untold } of this.#counts.look(this.#read(), ownOf)) {
      const isc = owners.find(link);
      this.#engine.events.emit(describeCount({ isc, link, refused, untold, ...directionOf(refusal as Refusal) }));
    }
  }

  /** Before reconcile has loaded the table, and when somebody took it away (which verify tells), there is nothing to count. */
  #read(): ReturnType<Engine["firewall"]["countRefused"]> {
    try {
      return this.#engine.firewall.countRefused();
    } catch {
      return new Map();
    }
  }
}

/** Whose links and addresses are whose, now. Made anew for each batch, and only when asked. */
class Owners {
  readonly #engine: Engine;
  #known: ReadonlyMap<string, Refused["isc"]> | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  find(linkOrAddress: string | undefined): Refused["isc"] {
    this.#known ??= this.#list();
    return linkOrAddress === undefined ? undefined : this.#known.get(linkOrAddress);
  }

  #list(): ReadonlyMap<string, Refused["isc"]> {
    const known = new Map<string, Refused["isc"]>();
    for (const record of this.#engine.iscs.list()) {
      for (const instance of instancesOf(record)) {
        for (const { link, address, address6 } of identityOf(this.#engine.dock, instance).interfaces) {
          for (const key of [link, address, address6]) known.set(key, { name: record.name, image: instance.image });
        }
      }
    }
    return known;
  }
}

function toRefused({ dock }: Engine, owners: Owners, { prefix, inLink, outLink, headers, count }: RefusedPackets): Refused | undefined {
  const refusal = refusals.find((one) => one === prefix);
  if (!refusal) return undefined;
  const { direction, quarantined, limited } = directionOf(refusal);
  const link = (direction === "in" ? outLink : inLink) ?? "";
  const { source = "", destination = "", protocol = "", port, icmpType, flags } = headers ?? {};
  const peer = direction === "out" ? destination : source;
  const ownAddress = direction === "in" ? destination : source;
  return {
    isc: owners.find(link) ?? (direction === "spoof" ? undefined : owners.find(ownAddress)),
    direction,
    quarantined,
    limited,
    link,
    source,
    destination,
    peer,
    isNeighbour: isAddressOfDock(dock, peer),
    protocol,
    port,
    icmpType,
    flags,
    isOpening: flags === undefined || flags === "SYN" || (flags.includes("SYN") && !flags.includes("ACK")),
    count,
  };
}

function directionOf(refusal: Refusal): Pick<Refused, "direction" | "quarantined" | "limited"> {
  const quarantined = refusal.startsWith("quarantine_");
  const limited = refusal.startsWith("limit_");
  const direction = refusal === "spoof" ? "spoof" : refusal.endsWith("out") ? "out" : "in";
  return { direction, quarantined, limited };
}
