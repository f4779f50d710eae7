/**
 * Sends the probes of a test and sees where they arrive. What arrives where it should not is a breach, once and for all; what does not arrive
 * though it should is tried once more, since a busy machine may lose a packet.
 */
import { randomBytes } from "node:crypto";
import { hasErrorCode, KernelError } from "../../host/kernel/libc.ts";
import { makeRun, nonceOf, type ProbeRun } from "../../host/kernel/probe-mark.ts";
import type { NetworkProbe } from "../../model/stack-view.ts";
import { dockEnd, type Probe } from "../../plan/stack/probe-model.ts";
import { judgeProbe } from "../../plan/stack/probes.ts";
import type { ProbeBook } from "../../plan/watch/probe-book.ts";
import { findBelieved } from "./believed-lies.ts";
import type { TestHost } from "./outside-host.ts";
import { describeSent, hops, type Numbered } from "./sent-packet.ts";
import { type PlaceOptions, TestPlaces } from "./test-places.ts";

/** Fewer than the kernel lets wait for one processor (net.core.netdev_max_backlog is 1,000). */
const batchSize = 200;
const quietMs = 300;
const lookEveryMs = 25;
const longestWaitMs = 3_000;
const mostRounds = 3;
/** How long the firewall's log and counters may take to tell of a packet: two looks of the sensor, and some. */
const toldWithinMs = 30_000;
const ports = { first: 20_000, count: 40_000 } as const;

export interface RunOptions extends PlaceOptions {
  /** Where what is sent is noted, so that it is taken for no attack. */
  readonly book: ProbeBook;
}

/** Throws KernelError. */
export async function runProbes(host: TestHost, probes: readonly Probe[], options: RunOptions): Promise<readonly NetworkProbe[]> {
  using places = new TestPlaces(host, options);
  const test = new Test(host, places, options);
  const tried = probes.flatMap((probe) => places.complete(probe) ?? []);
  let open = tried;
  for (let round = 1; round <= mostRounds && open.length > 0; round++) {
    const lost = await test.sendAll(open);
    if (!lost) open = open.filter((probe) => isMissing(probe, test.seenAt(probe)));
  }
  for (const probe of findBelieved(host, tried)) test.note(probe, probe.to);
  return tried.map((probe) => judgeProbe(probe, test.seenAt(probe)));
}

function isMissing(probe: Probe, seenAt: ReadonlySet<string>): boolean {
  return probe.expected === "passes" && !probe.arrivals.some((end) => seenAt.has(end));
}

const nowhere: ReadonlySet<string> = new Set();

class Test {
  readonly #host: TestHost;
  readonly #places: TestPlaces;
  readonly #book: ProbeBook;
  readonly #addresses: ReadonlyMap<string, readonly string[]>;
  readonly #seen = new Map<Probe, Set<string>>();
  #firstPort = 0;

  constructor(host: TestHost, places: TestPlaces, { book, ends }: RunOptions) {
    this.#host = host;
    this.#places = places;
    this.#book = book;
    this.#addresses = new Map(
      ends.iscs.map(({ name, interfaces }) => [name, interfaces.flatMap(({ address, address6 = address }) => [address, address6])]),
    );
  }

  seenAt(probe: Probe): ReadonlySet<string> {
    return this.#seen.get(probe) ?? nowhere;
  }

  note(probe: Probe, end: string): void {
    const known = this.#seen.get(probe);
    if (known) known.add(end);
    else this.#seen.set(probe, new Set([end]));
  }

  /** @returns whether the machine has dropped packets, so that what was not seen may still have passed */
  async sendAll(probes: readonly Probe[]): Promise<boolean> {
    const run = makeRun(randomBytes(12), probes.length);
    // Not those of the test before: connection tracking may remember what has passed through a hole that is closed by now.
    this.#firstPort = randomBytes(4).readUInt32BE(0) % ports.count;
    this.#places.openCaptures(run);
    const droppedBefore = this.#countDropped();
    for (let at = 0; at < probes.length; at += batchSize) {
      await this.#sendBatch(run, probes, at);
      this.#collect(run, probes);
      await this.#host.sleep(0);
    }
    await this.#waitUntilQuiet(run, probes);
    return this.#countDropped() > droppedBefore || this.#places.countLost() > 0;
  }

  async #sendBatch(run: ProbeRun, probes: readonly Probe[], at: number): Promise<void> {
    const handshakes: (readonly [Probe, Numbered])[] = [];
    for (const [offset, probe] of probes.slice(at, at + batchSize).entries()) {
      const number = run.first + at + offset;
      const numbered = { number, sourcePort: ports.first + ((this.#firstPort + at + offset) % ports.count), nonce: nonceOf(run, number) };
      const connects = probe.expected === "passes" && probe.packet.kind === "tcp" && this.#places.canConnect(probe.from);
      if (connects) handshakes.push([probe, numbered]);
      else await this.#send(probe, numbered);
    }
    for (const [end, own] of Map.groupBy(handshakes, ([probe]) => probe.from)) {
      const failed = this.#places.inside(end, () => own.filter(([probe, { number }]) => !this.#connect(probe, number)));
      for (const [probe, numbered] of failed) await this.#send(probe, numbered);
    }
  }

  async #send(probe: Probe, numbered: Numbered): Promise<void> {
    this.#expect(probe, numbered.sourcePort);
    try {
      this.#places.send(probe, numbered);
    } catch (error) {
      // Full queues empty themselves. All else is a refusal of the kernel's own: no way, or a rule of the host's output.
      if (!(error instanceof KernelError)) throw error;
      if (!hasErrorCode(error, "ENOBUFS", "EAGAIN")) return;
      await this.#host.sleep(lookEveryMs);
      this.#places.send(probe, numbered);
    }
  }

  #connect(probe: Probe, sequence: number): boolean {
    const { packet } = probe;
    if (packet.kind !== "tcp") return false;
    const onPort = (sourcePort: number) => this.#expect(probe, sourcePort);
    const { destination, port } = packet;
    return this.#host.kernel.probeSocket.startConnection({ destination, port, sequence, hops, onPort });
  }

  #expect(probe: Probe, sourcePort: number): void {
    const translated = probe.arrivals.flatMap((end) => this.#addresses.get(end) ?? []);
    this.#book.expect(describeSent(probe, sourcePort, translated), this.#host.monotonic() + toldWithinMs);
  }

  /** @returns how many packets there were */
  #collect(run: ProbeRun, probes: readonly Probe[]): number {
    const arrived = this.#places.read();
    for (const [number, end] of arrived) {
      const probe = probes[number - run.first];
      // The host hears of its neighbours from themselves; what counts is whether it believes a lie: see believed-lies.ts.
      const isHeard = end === dockEnd && probe?.packet.kind === "neighbour advertisement";
      if (probe && !isHeard) this.note(probe, end);
    }
    return arrived.length;
  }

  async #waitUntilQuiet(run: ProbeRun, probes: readonly Probe[]): Promise<void> {
    const start = this.#host.monotonic();
    let last = start;
    while (this.#host.monotonic() < Math.min(last + quietMs, start + longestWaitMs)) {
      await this.#host.sleep(lookEveryMs);
      if (this.#collect(run, probes) > 0) last = this.#host.monotonic();
    }
  }

  /** Packets that this machine's processors had no room for: the second column, for each of them. */
  #countDropped(): number {
    const lines = (this.#host.files.findTextNow("/proc/thread-self/net/softnet_stat") ?? "").split("\n");
    return lines.reduce((sum, line) => sum + (Number.parseInt(line.split(" ")[1] ?? "", 16) || 0), 0);
  }
}
