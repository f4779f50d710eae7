/** The ends of a test as the kernel has them: for each a namespace with sockets that send and see. */
import type { Capture, Sighting } from "../../host/kernel/probe-capture.ts";
import type { ProbeRun } from "../../host/kernel/probe-mark.ts";
import type { FrameSender, PacketSender } from "../../host/kernel/probe-socket.ts";
import { dockEnd, outsideEnd, type Probe, type ProbeEnds } from "../../plan/stack/probe-model.ts";
import { type OutsideHost, outsideMacs, type TestHost } from "./outside-host.ts";
import { type Numbered, PacketMaker, withSource } from "./sent-packet.ts";

/** Where the network namespace of an ISC is pinned. */
export type FindPin = (isc: string) => string;

interface Framed {
  readonly sender: FrameSender;
  /** Numbers of its links, by their names inside. */
  readonly links: ReadonlyMap<string, number>;
  readonly pin: string;
  /** No address is the namespace's own: gVisor has taken them. */
  readonly isBare: boolean;
}

export interface PlaceOptions {
  readonly ends: ProbeEnds;
  readonly outside: OutsideHost;
  readonly pinOf: FindPin;
}

/** Release with `using`. Captures are opened anew for each round, since each knows only that round's packets. */
export class TestPlaces implements Disposable {
  readonly #host: TestHost;
  readonly #options: PlaceOptions;
  readonly #framed = new Map<string, Framed>();
  readonly #dock: PacketSender;
  readonly #maker = new PacketMaker();
  readonly #sources = new Map<string, Buffer | undefined>();
  readonly #captures: { readonly end: string; readonly capture: Capture }[] = [];
  /** Of the host: what leaves by others goes to the world. */
  #ownLinks: ReadonlySet<number> = new Set();

  /** Throws KernelError. */
  constructor(host: TestHost, options: PlaceOptions) {
    this.#host = host;
    this.#options = options;
    this.#dock = new host.kernel.probeSocket.PacketSender();
    try {
      for (const { name, interfaces } of options.ends.iscs) {
        const inside = interfaces.map((one) => one.inside);
        this.#framed.set(name, this.#openFramed(options.pinOf(name), inside));
      }
      this.#framed.set(outsideEnd, this.#openFramed(options.outside.place.pin, ["eth0"]));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Everything that arrives from now on. Throws KernelError. */
  openCaptures(run: ProbeRun): void {
    this.#closeCaptures();
    const { namespaces, probeCapture, rtnetlink } = this.#host.kernel;
    for (const [end, { pin }] of this.#framed) {
      const capture = namespaces.withNetworkNamespace(pin, () => new probeCapture.Capture(run, { kind: "link", direction: "in" }));
      this.#captures.push({ end, capture });
    }
    this.#captures.push({ end: outsideEnd, capture: new probeCapture.Capture(run, { kind: "link", direction: "out" }) });
    const families = this.#options.outside.end.address6 === undefined ? ([4] as const) : ([4, 6] as const);
    for (const capture of probeCapture.openLocalCaptures(run, families)) this.#captures.push({ end: dockEnd, capture });
    using socket = new rtnetlink.Rtnetlink();
    const own = new Set([this.#options.outside.place.link, "lo", ...this.#links()]);
    this.#ownLinks = new Set(socket.listLinks().flatMap(({ name, index }) => (own.has(name) ? [index] : [])));
  }

  /** @returns of each packet that has arrived since, where */
  read(): readonly (readonly [number: number, end: string])[] {
    return this.#captures.flatMap(({ end, capture }) =>
      capture.read().flatMap((sighting) => (this.#isInside(end, sighting) ? [] : [[sighting.number, end] as const])),
    );
  }

  countLost(): number {
    return this.#captures.reduce((sum, { capture }) => sum + capture.countLost(), 0);
  }

  /** Undefined when it has no way to go. */
  complete(probe: Probe): Probe | undefined {
    if (probe.from !== dockEnd) return probe;
    const packet = withSource(probe.packet, (destination) => this.findSource(destination));
    return packet && { ...probe, packet };
  }

  /** What the host would send from; undefined when no way leads there. */
  findSource(destination: string): Buffer | undefined {
    if (!this.#sources.has(destination)) this.#sources.set(destination, this.#host.kernel.probeSocket.findSourceAddress(destination));
    return this.#sources.get(destination);
  }

  /** Throws KernelError. */
  send(probe: Probe, numbered: Numbered): void {
    const framed = this.#framed.get(probe.from);
    if (!framed) {
      if (!("destination" in probe.packet)) throw new TypeError(`the dock sends no ${probe.packet.kind}`);
      this.#dock.send(probe.packet.destination, this.#maker.makePacket(probe.packet, numbered, outsideMacs.host));
      return;
    }
    const { through } = probe;
    const macs = through ? { from: probe.mac ?? through.mac, to: through.gatewayMac } : { from: outsideMacs.outside, to: outsideMacs.host };
    const link = framed.links.get(through?.inside ?? "eth0");
    if (link !== undefined) framed.sender.send(link, this.#maker.makeFrame(probe.packet, numbered, macs));
  }

  /** Whether programs in the namespace of an end can connect. */
  canConnect(end: string): boolean {
    return this.#framed.get(end)?.isBare !== true;
  }

  /** Runs in the namespace of an end. */
  inside<T>(end: string, run: () => T): T {
    const framed = this.#framed.get(end);
    return framed ? this.#host.kernel.namespaces.withNetworkNamespace(framed.pin, run) : run();
  }

  [Symbol.dispose](): void {
    this.#closeCaptures();
    for (const { sender } of this.#framed.values()) sender[Symbol.dispose]();
    this.#framed.clear();
    this.#dock[Symbol.dispose]();
  }

  #closeCaptures(): void {
    for (const { capture } of this.#captures) capture[Symbol.dispose]();
    this.#captures.length = 0;
  }

  #openFramed(pin: string, names: readonly string[]): Framed {
    const { namespaces, rtnetlink, probeSocket } = this.#host.kernel;
    return namespaces.withNetworkNamespace(pin, () => {
      using socket = new rtnetlink.Rtnetlink();
      const links = names.flatMap((name) => {
        const found = socket.findLink(name);
        return found ? [[name, found.index] as const] : [];
      });
      const numbers = new Set(links.map(([, index]) => index));
      const isBare = !socket.listAddresses().some(({ index, address }) => numbers.has(index) && !address.startsWith("fe80:"));
      return { sender: new probeSocket.FrameSender(), links: new Map(links), pin, isBare };
    });
  }

  /** On its way to an end that has a capture of its own. */
  #isInside(end: string, { link }: Sighting): boolean {
    return end === outsideEnd && link !== 0 && this.#ownLinks.has(link);
  }

  #links(): readonly string[] {
    return this.#options.ends.iscs.flatMap(({ interfaces }) => interfaces.map(({ link }) => link));
  }
}
