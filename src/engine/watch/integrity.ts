/**
 * The integrity sensor: verify, again and again, told on change. Every few seconds the running things are held against the contract;
 * images are read again from the first to the last byte every few hours, and at once when a program on one is not what was sealed.
 */
import { reasonOf } from "../../base/reason-of.ts";
import type { Digest } from "../../model/digest.ts";
import type { Event } from "../../model/event.ts";
import { instancesOf } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import { advanceDrifts, type Drifts } from "../../plan/watch/drift.ts";
import type { Engine } from "../engine.ts";
import { findProcess } from "../parts/process.ts";
import { type VerifyOptions, verifyMany } from "../verify/verify.ts";

export interface IntegrityPace {
  readonly probeEveryMs: number;
  readonly rehashEveryMs: number;
}

/** Probing takes at most one part in so many of the dock's time, however many ISCs there are. */
const leastRest = 49;
/** However much there is to look at. */
const longestRestMs = 30_000;
/** Due before all others. */
const neverRead = Number.NEGATIVE_INFINITY;
/** An image that is suspected again and again is read once in so long. */
const leastReadPauseMs = 60_000;
/** ISCs that one look takes: between two looks the dock answers others. */
const atOnce = 8;

/** @param subscribe to what other sensors tell; answers how to end it */
export function startIntegrity(engine: Engine, pace: IntegrityPace, subscribe: Subscribe): Promise<AsyncDisposable> {
  return Promise.resolve(new IntegritySensor(engine, pace, subscribe));
}

type Subscribe = (listener: (event: Event) => void) => () => void;

class IntegritySensor implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #pace: IntegrityPace;
  readonly #rehashedAtMs = new Map<Digest, number>();
  readonly #ended = new AbortController();
  readonly #suspectedAtMs = new Map<Digest, number>();
  readonly #unsubscribe: () => void;
  #drifts: Drifts = new Map();
  /** One look that had to read an image does not put off the next. */
  #lastTookMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  /** Beside the rounds: it may take long, and what runs is looked at meanwhile. */
  #reading: Promise<void> | undefined;

  constructor(engine: Engine, pace: IntegrityPace, subscribe: Subscribe) {
    this.#engine = engine;
    this.#pace = pace;
    this.#unsubscribe = subscribe((event) => this.#suspect(event));
    engine.watchers.add({ name: "integrity", onStopped: (name) => this.#forget(name) });
    this.#wait(pace.probeEveryMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#unsubscribe();
    clearTimeout(this.#timer);
    await this.#round;
    await this.#reading;
  }

  #wait(forMs: number): void {
    if (this.#ended.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#look();
    }, forMs).unref();
  }

  async #look(): Promise<void> {
    const started = process.cpuUsage();
    try {
      for (const names of batches(this.#watched())) if (!this.#ended.signal.aborted) await this.#hold(names, { full: false });
      this.#rehash();
    } catch (error) {
      // The next look may see more; that this one saw nothing is told.
      this.#tellBlind(error);
    }
    const { user, system } = process.cpuUsage(started);
    const tookMs = (user + system) / 1_000;
    const restMs = Math.min(longestRestMs, Math.min(tookMs, this.#lastTookMs) * leastRest);
    this.#wait(Math.max(this.#pace.probeEveryMs, restMs));
    this.#lastTookMs = tookMs;
  }

  /** The exec gate has found other content in a program than was recorded: the disk, or somebody below the file system. */
  #suspect({ kind, facts, image }: Event): void {
    if (kind !== "exec.denied" || facts.reason !== "changed" || image === undefined) return;
    const now = this.#engine.host.monotonic();
    if (now - (this.#suspectedAtMs.get(image) ?? neverRead) < leastReadPauseMs) return;
    this.#suspectedAtMs.set(image, now);
    this.#rehashedAtMs.set(image, neverRead);
    this.#rehash();
  }

  #watched(): readonly Name[] {
    const { iscs, locks } = this.#engine;
    return iscs
      .list()
      .filter(({ name, desired }) => desired === "running" && !locks.isHeld(name) && findProcess(this.#engine, name) !== undefined)
      .map(({ name }) => name);
  }

  /** Against the contract, and tells what has changed in it. */
  async #hold(names: readonly Name[], options: VerifyOptions): Promise<void> {
    const generations = new Map(names.map((name) => [name, this.#generationOf(name)]));
    const findings = await verifyMany(
      this.#engine,
      names.filter((name) => this.#engine.iscs.find(name)),
      options,
    );
    if (this.#ended.signal.aborted) return;
    // What was changed meanwhile by a command is no drift.
    const steady = findings.filter(({ isc }) => !this.#engine.locks.isHeld(isc) && this.#generationOf(isc) === generations.get(isc));
    const { drifts, events } = advanceDrifts(this.#drifts, steady);
    this.#drifts = drifts;
    for (const event of events) this.#tell(event);
  }

  #rehash(): void {
    if (this.#reading || this.#ended.signal.aborted) return;
    this.#reading = this.#rehashOne()
      .catch((error: unknown) => this.#tellBlind(error))
      .finally(() => {
        this.#reading = undefined;
        // Suspected meanwhile.
        if ([...this.#rehashedAtMs.values()].includes(neverRead)) this.#rehash();
      });
  }

  /** The image that has waited longest, when its time has come. */
  async #rehashOne(): Promise<void> {
    const { host, iscs } = this.#engine;
    const now = host.monotonic();
    const images = new Set(iscs.list().flatMap((record) => instancesOf(record).map(({ image }) => image)));
    for (const known of [this.#rehashedAtMs, this.#suspectedAtMs])
      for (const image of known.keys()) if (!images.has(image)) known.delete(image);
    for (const image of images) {
      // What the dock has just read at start is not read again at once.
      if (!this.#rehashedAtMs.has(image)) this.#rehashedAtMs.set(image, now);
    }
    const [image, readAtMs] = [...this.#rehashedAtMs].sort((a, b) => a[1] - b[1])[0] ?? [];
    if (image === undefined || readAtMs === undefined || now - readAtMs < this.#pace.rehashEveryMs) return;
    this.#rehashedAtMs.set(image, now);
    const names = iscs.list().flatMap((record) => (record.image === image ? [record.name] : []));
    await this.#hold(names, { full: true, calm: readAtMs !== neverRead });
  }

  #generationOf(name: Name): number | undefined {
    return this.#engine.iscs.find(name)?.generation;
  }

  #forget(name: Name): void {
    const drifts = new Map(this.#drifts);
    drifts.delete(name);
    this.#drifts = drifts;
  }

  #tell(event: Parameters<Engine["events"]["emit"]>[0]): void {
    const image = event.isc && this.#engine.iscs.find(event.isc)?.image;
    this.#engine.events.emit(image === undefined ? event : { ...event, image });
  }

  #tellBlind(error: unknown): void {
    const reason = reasonOf(error);
    this.#engine.events.emit({
      sensor: "integrity",
      severity: "warning",
      kind: "integrity.blind",
      message: `ISCs could not be held against the contract: ${reason}`,
      facts: { reason: reason.slice(0, 1_000) },
    });
  }
}

function batches(names: readonly Name[]): readonly (readonly Name[])[] {
  return Array.from({ length: Math.ceil(names.length / atOnce) }, (_, index) => names.slice(index * atOnce, (index + 1) * atOnce));
}
