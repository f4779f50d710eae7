/**
 * A host outside, made for one test of networks: a namespace behind a veth pair, with addresses for benchmarks (RFC 2544) and a random unique
 * local prefix (RFC 4193), which the dock's host does not route elsewhere. Goes with its release; what a killed test left goes first.
 */
import { randomBytes } from "node:crypto";
import type { Host } from "../../host/host.ts";
import type { OutsideEnd } from "../../plan/stack/probe-model.ts";
import { spell } from "./spelled-ends.ts";

export type TestHost = Pick<Host, "kernel" | "files" | "sleep" | "monotonic">;

/** Inside. */
const innerLink = "eth0";
export const outsideMacs = { host: "02:15:c0:0f:00:01", outside: "02:15:c0:0f:00:02" } as const;

export interface OutsidePlace {
  /** Where the namespace is pinned. */
  readonly pin: string;
  /** Of the host's end; begins with iscx. */
  readonly link: string;
}

export class OutsideHost implements Disposable {
  readonly end: OutsideEnd;
  readonly place: OutsidePlace;
  readonly #host: TestHost;

  /** One at a time for each place. Throws KernelError. */
  constructor(host: TestHost, place: OutsidePlace) {
    this.#host = host;
    this.place = place;
    this[Symbol.dispose]();
    try {
      this.end = this.#create();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** The link at once: the kernel takes its time with the namespace, and the next test needs the name. */
  [Symbol.dispose](): void {
    const { namespaces, rtnetlink } = this.#host.kernel;
    using socket = new rtnetlink.Rtnetlink();
    socket.deleteLink(this.place.link);
    namespaces.removeNetworkNamespace(this.place.pin);
  }

  #create(): OutsideEnd {
    const { namespaces, rtnetlink } = this.#host.kernel;
    const { pin, link } = this.place;
    using socket = new rtnetlink.Rtnetlink();
    const subnet = this.#chooseSubnet(socket);
    namespaces.createNetworkNamespace(pin);
    namespaces.withNamespaceDescriptor(pin, (peerNetnsFd) => {
      const macs = { mac: outsideMacs.host, peerMac: outsideMacs.outside };
      socket.createVethPair({ name: link, peerName: innerLink, peerNetnsFd, ...macs, up: true });
    });
    const hasIpv6 = this.#host.files.findTextNow(`/proc/sys/net/ipv6/conf/${link}/disable_ipv6`)?.trim() === "0";
    const prefix6 = `fd${randomBytes(7)
      .toString("hex")
      .replace(/^(..)(....)(....)(....)$/, "$1:$2:$3:$4")}`;
    const end = {
      address: `${subnet}.2`,
      gateway: `${subnet}.1`,
      ...(hasIpv6 && { address6: spell(`${prefix6}::2`), gateway6: spell(`${prefix6}::1`) }),
    };
    this.#configure(socket, { link, own: [end.gateway, end.gateway6], other: [end.address, end.address6], mac: outsideMacs.outside });
    this.#host.files.writeNow(`/proc/sys/net/ipv4/conf/${link}/forwarding`, "1");
    namespaces.withNetworkNamespace(pin, () => this.#prepareInside(end));
    return end;
  }

  #prepareInside({ address, address6, gateway, gateway6 }: OutsideEnd): void {
    using socket = new this.#host.kernel.rtnetlink.Rtnetlink();
    socket.setLinkUp("lo");
    this.#configure(socket, { link: innerLink, own: [address, address6], other: [gateway, gateway6], mac: outsideMacs.host });
    socket.addRoute({ gateway, family: "inet" });
    if (gateway6 !== undefined) socket.addRoute({ gateway: gateway6, family: "inet6" });
  }

  #configure(socket: RtnetlinkSocket, { link, own, other, mac }: EndOfPair): void {
    const index = socket.findLink(link)?.index;
    if (index === undefined) throw new Error(`link ${link} went away while it was set up`);
    socket.setLinkUp(index);
    for (const address of own)
      if (address !== undefined) socket.addAddress({ link: index, address, prefixLength: address.includes(":") ? 64 : 30, noDad: true });
    for (const address of other) if (address !== undefined) socket.addNeighbour({ link: index, address, mac });
  }

  /** The first three octets of a prefix in 198.18.0.0/15 that is in no route of the host. */
  #chooseSubnet(socket: RtnetlinkSocket): string {
    const taken = socket.listAddresses().map(({ address }) => address);
    const routes = parseRoutes(this.#host.files.findTextNow("/proc/thread-self/net/route") ?? "");
    for (;;) {
      const [low = 0, third = 0] = randomBytes(2);
      const value = ((198 * 256 + 18 + (low % 2)) * 256 + third) * 256;
      const subnet = `198.${18 + (low % 2)}.${third}`;
      const isRouted = routes.some(({ destination, mask }) => mask !== 0 && (value & mask) >>> 0 === destination);
      if (!isRouted && !taken.some((address) => address.startsWith(`${subnet}.`))) return subnet;
    }
  }
}

type RtnetlinkSocket = InstanceType<TestHost["kernel"]["rtnetlink"]["Rtnetlink"]>;

interface EndOfPair {
  readonly link: string;
  readonly own: readonly (string | undefined)[];
  readonly other: readonly (string | undefined)[];
  /** Of the other end. */
  readonly mac: string;
}

/** proc(5), /proc/net/route: destination and mask as hexadecimal words of this machine's byte order. */
function parseRoutes(text: string): readonly { readonly destination: number; readonly mask: number }[] {
  const word = (hex: string | undefined) => Buffer.from(hex ?? "", "hex").reverse();
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))
    .filter((fields) => fields.length > 7)
    .map((fields) => ({ destination: word(fields[1]).readUInt32BE(0), mask: word(fields[7]).readUInt32BE(0) }));
}
