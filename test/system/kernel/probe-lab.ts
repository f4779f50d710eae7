/** A host of a test's own with any number of ISCs behind it, as namespaces, and a firewall written by hand. Everything is undone by `using`. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Name } from "../../../src/model/name.ts";
import type { NetworkProbe } from "../../../src/model/stack-view.ts";
import type { IscEnd, ProbeEnds, ServiceEnd } from "../../../src/plan/stack/probe-model.ts";

const tag = process.pid.toString(16);
const runner = join(import.meta.dirname, "probe-lab-run.ts");
export const declared = { address: "203.0.113.9", address6: "2001:db8:9::9", port: 443 } as const;

/** Each lab has its own: log groups belong to a network namespace. */
const logGroup = 3_999;

export interface LabMember {
  readonly name: string;
  readonly count: number;
  readonly networks: readonly string[];
}

export interface LabStack {
  readonly members: readonly LabMember[];
  readonly networks: readonly string[];
  readonly flows: readonly { readonly from: string; readonly to: string; readonly port: number; readonly protocol: "tcp" | "udp" }[];
  readonly expose: readonly { readonly member: string; readonly hostPort: number; readonly port: number }[];
  /** Members that may reach `declared`. */
  readonly outward: readonly string[];
}

type Refusal = "out" | "in" | "spoof";

export interface LabAnswer {
  readonly probes: readonly NetworkProbe[];
  readonly tookMs: number;
  /** Own packets that should have been refused and that the log has not told of, by what refuses them. */
  readonly unlogged: Readonly<Record<Refusal, number>>;
  /** What the firewall's sensor told meanwhile. */
  readonly told: readonly string[];
}

export class ProbeLab implements Disposable {
  readonly ends: Omit<ProbeEnds, "outside">;
  readonly host = `iscp-h-${tag}`;
  readonly outside = { pin: `/run/netns/iscp-x-${tag}`, link: "iscxlab" } as const;
  /** Behind the lab's host; nobody is there. */
  readonly #world = `iscp-w-${tag}`;
  readonly #iscs: readonly IscEnd[];

  constructor(stack: LabStack) {
    const networks = stack.networks as readonly Name[];
    this.#iscs = stack.members.flatMap((member) => iscsOf(stack, member));
    const services = stack.members.flatMap((member, at) => servicesOf(stack, member, at, this.#iscs));
    this.ends = {
      iscs: this.#iscs,
      services,
      flows: stack.flows.flatMap(({ from, to, port, protocol }) =>
        networks.flatMap((network) =>
          (from === "dock" ? ["dock"] : this.#iscs.filter(isOn(from, network)).map(({ name }) => name))
            .filter(() => this.#iscs.some(isOn(to, network)))
            .map((one) => ({ from: one, network, member: to as Name, port, protocol })),
        ),
      ),
      exposures: stack.expose.map(({ member, ...ports }) => ({
        ...ports,
        protocol: "tcp" as const,
        member: member as Name,
        instances: this.#iscs.filter((isc) => isc.member === member).map(({ name }) => name),
      })),
      destinations: this.#iscs
        .filter(({ member }) => stack.outward.includes(member))
        .flatMap(({ name: from }) =>
          [declared.address, declared.address6].map((address) => ({ from, address, port: declared.port, protocol: "tcp" as const })),
        ),
      listens: [],
      resolver: { address: "10.77.255.1", address6: "fd77:ff::1", port: 53 },
    };
    this[Symbol.dispose]();
    try {
      this.#build();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  pinOf(name: string): string {
    return `/run/netns/${this.namespaceOf(name)}`;
  }

  nft(commands: string): void {
    run("ip", ["netns", "exec", this.host, "nft", "-f", "-"], commands);
  }

  /** In a process whose own network is the lab's host. */
  async test(): Promise<LabAnswer> {
    const child = spawn("ip", ["netns", "exec", this.host, process.execPath, runner], { stdio: ["pipe", "pipe", "inherit"] });
    const pins = Object.fromEntries(this.#iscs.map(({ name }) => [name, this.pinOf(name)]));
    child.stdin.end(JSON.stringify({ ends: this.ends, pins, outside: this.outside, logGroup }));
    const answer = await text(child.stdout);
    assert.notEqual(answer, "", "the test in the lab failed");
    return JSON.parse(answer) as LabAnswer;
  }

  /** How many packets the firewall has refused in all. */
  countRefused(): Readonly<Record<Refusal, number>> {
    const { nftables } = JSON.parse(run("ip", ["netns", "exec", this.host, "nft", "-j", "list", "counters"]));
    const packets = (name: Refusal): number =>
      nftables.find((entry: { counter?: { name: string } }) => entry.counter?.name === `refused_${name}`).counter.packets;
    return { out: packets("out"), in: packets("in"), spoof: packets("spoof") };
  }

  /** Names of the links of the lab's host. */
  listLinks(): readonly string[] {
    const links: readonly { readonly ifname: string }[] = JSON.parse(run("ip", ["-n", this.host, "-j", "link"]));
    return links.map(({ ifname }) => ifname).sort();
  }

  /** Back to the rules as they are after building. */
  reload(): void {
    this.nft(`table inet lab {}\ndelete table inet lab\n${renderFirewall(this.ends)}`);
  }

  [Symbol.dispose](): void {
    for (const name of this.#namespaces()) spawnSync("ip", ["netns", "del", name]);
  }

  #namespaces(): readonly string[] {
    return [this.host, this.#world, ...this.#iscs.map((isc) => this.namespaceOf(isc.name))];
  }

  namespaceOf(name: string): string {
    return `iscp-${name}-${tag}`;
  }

  #build(): void {
    for (const name of this.#namespaces()) run("ip", ["netns", "add", name]);
    this.#batch(this.host, [
      "link set lo up",
      `link add uplink type veth peer name far netns ${this.#world}`,
      "link set uplink up",
      "address add 192.0.2.77/24 dev uplink",
      "address add 2001:db8:7::1/64 dev uplink nodad",
      "neighbour replace 192.0.2.1 lladdr 02:00:00:00:00:01 dev uplink nud permanent",
      "neighbour replace 2001:db8:7::2 lladdr 02:00:00:00:00:01 dev uplink nud permanent",
      "route add default via 192.0.2.1",
      "route add ::/0 via 2001:db8:7::2",
      "address add 10.77.255.1/32 dev lo",
      "address add fd77:ff::1/128 dev lo nodad",
    ]);
    this.#batch(this.#world, ["link set far up"]);
    const settings = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.conf.all.rp_filter=1"];
    run("ip", ["netns", "exec", this.host, "sysctl", "-qw", ...settings]);
    for (const isc of this.#iscs) this.#connect(isc);
    this.nft(renderFirewall(this.ends));
  }

  #connect(isc: IscEnd): void {
    const namespace = this.namespaceOf(isc.name);
    this.#batch(
      this.host,
      isc.interfaces.flatMap(({ link, inside, mac, gatewayMac, address, address6 }) => [
        `link add ${link} address ${gatewayMac} type veth peer name ${inside} address ${mac} netns ${namespace}`,
        `link set ${link} up`,
        `address add fe80::1/64 dev ${link} nodad`,
        `route add ${address}/32 dev ${link}`,
        `route add ${address6}/128 dev ${link}`,
        `neighbour replace ${address} lladdr ${mac} dev ${link} nud permanent`,
        `neighbour replace ${address6} lladdr ${mac} dev ${link} nud permanent`,
      ]),
    );
    this.#batch(namespace, [
      "link set lo up",
      ...isc.interfaces.flatMap(({ inside, address, address6, gatewayMac, gateway }, position) => [
        `link set ${inside} up`,
        `address add ${address}/32 dev ${inside}`,
        `address add ${address6}/128 dev ${inside} nodad`,
        `neighbour replace ${gateway} lladdr ${gatewayMac} dev ${inside} nud permanent`,
        `neighbour replace fe80::1 lladdr ${gatewayMac} dev ${inside} nud permanent`,
        ...waysOf(position, address, address6 ?? "").flatMap(([to, to6]) => [
          `route add ${to} via ${gateway} dev ${inside} onlink src ${address}`,
          `route add ${to6} via fe80::1 dev ${inside} src ${address6}`,
        ]),
      ]),
    ]);
  }

  #batch(namespace: string, lines: readonly string[]): void {
    run("ip", ["-n", namespace, "-batch", "-"], `${lines.join("\n")}\n`);
  }
}

/** The first interface has the default route, each further one its own network and that network's services. */
function waysOf(position: number, address: string, address6: string): readonly (readonly [string, string])[] {
  if (position === 0) return [["default", "::/0"]];
  const [network, network6] = [address.split(".")[2], address6.split(":")[1]];
  return [
    [`10.77.${network}.0/24`, `fd77:${network6}::/64`],
    [`10.78.${network}.0/24`, `fd78:${network6}::/64`],
  ];
}

function isOn(member: string, network: Name): (isc: IscEnd) => boolean {
  return (isc) => isc.member === member && isc.interfaces.some((one) => one.network === network);
}

function iscsOf({ members, networks }: LabStack, member: LabMember): readonly IscEnd[] {
  const before = members.slice(0, members.indexOf(member)).reduce((sum, { count }) => sum + count, 0);
  return Array.from({ length: member.count }, (_, position): IscEnd => {
    const slot = before + position + 1;
    return {
      name: (member.count === 1 ? member.name : `${member.name}-${position + 1}`) as Name,
      member: member.name as Name,
      quarantined: false,
      interfaces: member.networks.map((network, at) => ({
        network: network as Name,
        link: `isct-${slot}${["", "b", "c"][at]}`,
        inside: `eth${at}`,
        address: `10.77.${networks.indexOf(network)}.${slot}`,
        address6: `fd77:${networks.indexOf(network)}::${slot.toString(16)}`,
        mac: `02:15:c0:${10 + at}:00:${slot.toString(16).padStart(2, "0")}`,
        gatewayMac: `02:15:c0:${20 + at}:00:${slot.toString(16).padStart(2, "0")}`,
        gateway: "10.77.255.1",
        gateway6: "fe80::1",
      })),
    };
  });
}

/** Of the member, and of each of its ISCs where there are several. */
function servicesOf({ networks }: LabStack, member: LabMember, at: number, iscs: readonly IscEnd[]): readonly ServiceEnd[] {
  const own = iscs.filter((isc) => isc.member === member.name).map(({ name }) => name);
  const single = own.length > 1 ? own.map((isc) => ({ isc, instances: [isc] })) : [];
  return member.networks.flatMap((network) =>
    [{ instances: own }, ...single].map((one, position): ServiceEnd => {
      const [net, number] = [networks.indexOf(network), at * 10 + position + 1];
      const addresses = { address: `10.78.${net}.${number}`, address6: `fd78:${net}::${number.toString(16)}` };
      return { network: network as Name, member: member.name as Name, ...addresses, ...one };
    }),
  );
}

/** One table; what it opens are elements of its sets and maps, so that a test can add one too many. */
function renderFirewall(ends: Omit<ProbeEnds, "outside">): string {
  const families = [4, 6] as const;
  return [
    "table inet lab {",
    ...["out", "in", "spoof"].map((name) => `counter refused_${name} {}`),
    ...families.flatMap((family) => renderSets(ends, family)),
    `chain nd { icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
      icmpv6 type { nd-router-solicit, mld-listener-report, mld2-listener-report, mld-listener-done } drop
    }`,
    `chain sources { type filter hook prerouting priority raw; policy accept; iifname != "isct-*" accept
      iifname . ether saddr . ip saddr @sources4 accept
      iifname . ether saddr . ip6 saddr @sources6 accept
      ip6 saddr { ::, fe80::/64 } jump nd
      counter name refused_spoof log prefix "spoof" group ${logGroup} snaplen 128 drop
    }`,
    `chain outbound { type filter hook prerouting priority mangle; policy accept; iifname != "isct-*" accept
      ct state established,related accept
      meta l4proto ipv6-icmp jump nd
      ip saddr . ip daddr . meta l4proto . th dport @connect4 accept
      ip6 saddr . ip6 daddr . meta l4proto . th dport @connect6 accept
      ip daddr 10.77.255.1 meta l4proto { tcp, udp } th dport 53 accept
      ip6 daddr fd77:ff::1 meta l4proto { tcp, udp } th dport 53 accept
      counter name refused_out log prefix "out" group ${logGroup} snaplen 128 drop
    }`,
    `chain inbound { type filter hook postrouting priority filter; policy accept; oifname != "isct-*" accept
      ct state established,related accept
      meta l4proto ipv6-icmp jump nd
      ct status dnat accept
      counter name refused_in log prefix "in" group ${logGroup} snaplen 128 drop
    }`,
    `chain translate { ${families.flatMap((family) => renderTranslations(ends, family)).join("\n")}
    }`,
    `chain services { type nat hook prerouting priority dstnat; policy accept; iifname "isct-*" jump translate
      fib daddr type local dnat ip to meta l4proto . th dport map @expose4
      fib daddr type local dnat ip6 to meta l4proto . th dport map @expose6
    }`,
    `chain own { type nat hook output priority -100; policy accept;
      ip daddr . meta l4proto . th dport @dock4 jump translate
      ip6 daddr . meta l4proto . th dport @dock6 jump translate
    }`,
    `chain leave { type nat hook postrouting priority srcnat; policy accept; oifname "uplink" masquerade
    }`,
    "}",
  ].join("\n");
}

function renderSets({ iscs, services, flows, exposures, destinations }: Omit<ProbeEnds, "outside">, family: 4 | 6): readonly string[] {
  const type = family === 4 ? "ipv4_addr" : "ipv6_addr";
  const of = (one: { address: string; address6?: string }) => (family === 4 ? one.address : (one.address6 ?? ""));
  const interfaces = iscs.flatMap(({ name, interfaces: own }) => own.map((one) => ({ ...one, name })));
  const sources = interfaces.map((one) => `${one.link} . ${one.mac} . ${of(one)}`);
  const opened = flows.flatMap((flow) => {
    const targets = services.filter(({ member, network }) => member === flow.member && network === flow.network);
    const from = interfaces.find((one) => one.name === flow.from && one.network === flow.network);
    return targets.map((target) => ({ from: from && of(from), tail: `${of(target)} . ${flow.protocol} . ${flow.port}` }));
  });
  const outward = destinations
    .filter(({ address }) => address.includes(":") === (family === 6))
    .map(({ from, address, protocol, port }) => {
      const own = interfaces.find(({ name }) => name === from);
      return `${own && of(own)} . ${address} . ${protocol} . ${port}`;
    });
  const connect = [...opened.flatMap(({ from, tail }) => (from === undefined ? [] : [`${from} . ${tail}`])), ...outward];
  const dock = opened.flatMap(({ from, tail }) => (from === undefined ? [tail] : []));
  const exposed = exposures.map(({ protocol, hostPort, port, instances }) => {
    const target = interfaces.find(({ name }) => name === instances[0]);
    return `${protocol} . ${hostPort} : ${target && of(target)} . ${port}`;
  });
  const elements = (list: readonly string[]) => (list.length === 0 ? "" : `elements = { ${[...new Set(list)].join(", ")} };`);
  return [
    `set sources${family} { type ifname . ether_addr . ${type}; ${elements(sources)} }`,
    `set connect${family} { type ${type} . ${type} . inet_proto . inet_service; ${elements(connect)} }`,
    `set dock${family} { type ${type} . inet_proto . inet_service; ${elements(dock)} }`,
    `map expose${family} { type inet_proto . inet_service : ${type} . inet_service; ${elements(exposed)} }`,
  ];
}

function renderTranslations({ iscs, services }: Omit<ProbeEnds, "outside">, family: 4 | 6): readonly string[] {
  const ip = family === 4 ? "ip" : "ip6";
  return services.map(({ address, address6, network, instances }) => {
    const targets = instances.flatMap((name) => {
      const own = iscs.find((isc) => isc.name === name)?.interfaces.find((one) => one.network === network);
      return own ? [family === 4 ? own.address : own.address6] : [];
    });
    const spread = targets.map((target, at) => `${at} : ${target}`).join(", ");
    return `${ip} daddr ${family === 4 ? address : address6} dnat ${ip} to numgen random mod ${targets.length} map { ${spread} }`;
  });
}

/** Namespaces of labs of this process that are still there. */
export function listLeaks(): readonly string[] {
  return run("ip", ["netns", "list"])
    .split("\n")
    .filter((line) => line.startsWith("iscp-") && line.includes(`-${tag}`));
}

function run(program: string, words: readonly string[], input?: string): string {
  const result = spawnSync(program, words, { encoding: "utf8", ...(input === undefined ? {} : { input }) });
  assert.equal(result.status, 0, `${program} ${words.join(" ")}: ${result.error?.message ?? result.stderr}`);
  return result.stdout;
}
