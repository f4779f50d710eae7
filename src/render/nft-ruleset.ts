/**
 * The firewall of one dock: a table that never changes, and sets and maps that say everything about single ISCs (nft-ruleset-elements.ts).
 * What an ISC sends is judged before address translation (prerouting), what reaches it after (postrouting): one place for each direction,
 * whether the other end is the world, the host or another ISC. Foreign firewalls' chains are never overruled; see nft-ruleset-foreign.ts.
 */
import { type DockIdentity, identityOfSlot, linkPrefix, networksOfDock, resolverSlot, tableName } from "../model/identity.ts";
import { balanceBuckets } from "./nft-ruleset-balance.ts";
import { refuse, renderRefusalChains, renderRefusalSets } from "./nft-ruleset-refusals.ts";

/** Names of the table's counters, and what each counts. */
const nftCounters = {
  spoofed: "packets of ISCs with an address that is not theirs",
  denied_out: "packets of ISCs that open a connection nobody declared",
  denied_in: "packets to ISCs that reach for a port nobody exposed",
  limited: "packets from and to ISCs beyond a limit that is set for them",
  quarantined: "packets from and to ISCs in quarantine",
} as const;

const directions = ["out", "in"] as const;

/**
 * The whole table without elements, replacing any older one in the same transaction; follow it with `renderNftElements`.
 * The dock sets, before: net.ipv4.ip_forward=1 and net.ipv6.conf.all.forwarding=1, and for each link, so that answers find back to
 * connections from 127.0.0.1 and ::1: net.ipv4.conf.LINK.route_localnet=1, and the route
 * `local ::1/128 dev LINK table local metric M` with a metric of its own (IPv6 finds loopback addresses only on the interface a packet
 * came in by). A packet that comes in with ::1 in its header the kernel drops itself, before any rule.
 * @param logGroup where refused packets are told, see `logGroupOf`; undefined where the kernel cannot do that
 */
export function renderNftBase(dock: DockIdentity, logGroup: number | undefined): string {
  const table = `inet ${tableName(dock)}`;
  return [
    `table ${table} {}`,
    `delete table ${table}`,
    `table ${table} {`,
    ...Object.entries(nftCounters).map(([name, comment]) => `\tcounter ${name} { comment "${comment}"; }`),
    "",
    ...setDeclarations,
    ...renderRefusalSets(),
    "",
    ...renderRefusalChains(logGroup),
    ...renderChains(dock),
    "}",
    "",
  ].join("\n");
}

/**
 * The number of a packet's flow is kept in its priority, which nobody has looked at yet: the kernel sets it anew when it forwards, and no ISC
 * can set one with a major number (socket(7), SO_PRIORITY).
 */
const flowKey = "iifname . meta priority";
const nameFlow = families((family) => [`meta priority set ${flowOf(family)} map @flow_of${family.suffix}`]);

const setDeclarations = [
  "\tset quarantined { type ifname; }",
  "\t# Links with a limit on packets, and with one on connections: all others are spared the questions.",
  "\tset paced { type ifname; }",
  "\tset limited { type ifname; }",
  ...directions.flatMap((direction) => [
    `\tset packets_${direction} { type ifname; limit rate over 1/second; }`,
    `\tset rate_${direction} { type ifname; limit rate over 1/second; }`,
    `\tset open_${direction} { type ifname; ct count over 1; }`,
  ]),
  "\tset asking { type ifname; size 8192; flags dynamic; }",
  "\t# By link and number of the flow, whichever of its addresses a packet is for.",
  ...["flow_packets", "flow_rate"].map((set) => `\tset ${set} { typeof ${flowKey}; limit rate over 1/second; }`),
  `\tset flow_open { typeof ${flowKey}; ct count over 1; }`,
  `\tset over { typeof ${flowKey}; size 65535; flags dynamic; counter; }`,
  ...families(({ suffix, type }) => {
    const flow = `type ${type} . ${type} . inet_proto . inet_service;`;
    const place = `type ${type} . inet_proto . inet_service`;
    const end = `${type} . inet_service`;
    const bucket = `numgen random mod ${balanceBuckets}`;
    return [
      `\tset networks${suffix} { type ${type}; flags interval; }`,
      `\tset sources${suffix} { type ifname . ether_addr . ${type}; }`,
      `\tset hairpin${suffix} { type ifname . ${type}; }`,
      `\tset listen${suffix} { ${place}; }`,
      `\tset hosted${suffix} { ${place}; counter; }`,
      `\tset connect${suffix} { ${flow} counter; }`,
      `\tset ranges${suffix} { ${flow} flags interval; counter; }`,
      `\tmap flow_of${suffix} { ${flow.slice(0, -1)} : classid; }`,
      `\tmap expose${suffix} { type inet_proto . inet_service : ${end}; counter; }`,
      `\tmap expose_at${suffix} { ${place} : ${end}; counter; }`,
      `\tmap service${suffix} { ${place} : ${end}; }`,
      ...balanced({ suffix }).map(
        ({ map, key }) => `\tmap ${map} { typeof ${key} . ${bucket} : ${ipOf(suffix)} daddr . th dport; counter; }`,
      ),
      `\tmap uplink${suffix} { type ${type} : ${type}; }`,
    ];
  }),
];

function ipOf(suffix: 4 | 6): "ip" | "ip6" {
  return suffix === 4 ? "ip" : "ip6";
}

/** Maps that spread over several instances: beside the map for one that has the same key. */
function balanced({ suffix }: Pick<Family, "suffix">): readonly { readonly map: string; readonly key: string }[] {
  const port = "meta l4proto . th dport";
  return [
    { map: `expose_balance${suffix}`, key: port },
    { map: `expose_at_balance${suffix}`, key: `${ipOf(suffix)} daddr . ${port}` },
    { map: `balance${suffix}`, key: `${ipOf(suffix)} daddr . ${port}` },
  ];
}

function renderChains(dock: DockIdentity): readonly string[] {
  const links = `"${linkPrefix(dock)}*"`;
  const [network4, network6] = networksOfDock(dock);
  const networks = { 4: network4, 6: network6 };
  const { address, address6 } = identityOfSlot(dock, resolverSlot);
  const resolver = { 4: address, 6: address6 };
  return [
    "\t# RFC 4861: without neighbour discovery there is no IPv6. A hop limit of 255 proves that the packet was not forwarded.",
    ...chain("neighbours", ["icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept"]),
    "\t# What every kernel says unasked, and nobody needs.",
    ...chain("unasked", ["icmpv6 type { nd-router-solicit, mld-listener-report, mld2-listener-report, mld-listener-done } drop"]),
    "\t# Errors are about connections. An ISC may tell of its own: with others' it could reach whoever has them.",
    ...chain(
      "errors",
      families(({ ip, suffix, icmp }) =>
        ["original", "reply"].map((way) => `meta l4proto ${icmp} iifname . ether saddr . ct ${way} ${ip} saddr @sources${suffix} accept`),
      ),
    ),
    ...chain("pace_out", [
      "# Options and extensions would hide the ports from the queues that shape by them.",
      `ip hdrlength != 5 ${refuse("limit_out")}`,
      `ip6 daddr != ff00::/8 ip6 nexthdr != { tcp, udp, ipv6-icmp } ${refuse("limit_out")}`,
      `iifname @packets_out ${refuse("limit_out")}`,
      ...nameFlow,
      renderFlowLimit("flow_packets"),
      "meta priority set none",
    ]),
    ...chain("pace_in", [`oifname @packets_in ${refuse("limit_in")}`]),
    ...chain("limit_out", [
      ...nameFlow,
      renderFlowLimit("flow_rate"),
      renderFlowLimit("flow_open"),
      `iifname @rate_out ${refuse("limit_out")}`,
      `iifname @open_out ${refuse("limit_out")}`,
      "meta priority set none",
    ]),
    ...chain("limit_in", [`oifname @rate_in ${refuse("limit_in")}`, `oifname @open_in ${refuse("limit_in")}`]),
    ...chain("admit_out", ["iifname @limited jump limit_out", "accept"]),
    ...chain("admit_in", ["oifname @limited jump limit_in", "accept"]),
    ...chain("link_sources", [
      `iifname @quarantined ${refuse("quarantine_out")}`,
      "# route_localnet lets the links route to the host's loopback; no blueprint can declare that.",
      `ip daddr 127.0.0.0/8 ${refuse("spoof")}`,
      "iifname @paced jump pace_out",
      ...families(({ ip, suffix }) => [`iifname . ether saddr . ${ip} saddr @sources${suffix} accept`]),
      "# No ISC has one of these: each question from another would take a place in the host's table of neighbours.",
      "ip6 saddr { ::, fe80::/64 } jump unasked",
      refuse("spoof"),
    ]),
    ...hook("sources", "filter hook prerouting priority raw", [
      `iifname ${links} jump link_sources`,
      ...families(({ ip, suffix }) => [
        `${ip} saddr ${networks[suffix]} iifname != "lo" ${refuse("spoof")}`,
        `${ip} saddr @networks${suffix} iifname != "lo" ${refuse("spoof")}`,
      ]),
    ]),
    ...hook("outbound", "filter hook prerouting priority mangle", [
      `iifname != ${links} accept`,
      "ct state established accept",
      "ct state related jump errors",
      "# Neighbours are on the link. Connections are not tracked for these packets: nothing else would hold one that is to be forwarded.",
      "ip6 daddr { fe80::/10, ff02::/16 } jump neighbours",
      "meta l4proto ipv6-icmp jump unasked",
      "# Each question of another port takes a place in the host's table of connections for a while.",
      ...families(({ ip, suffix }) => [
        `${ip} daddr ${resolver[suffix]} add @asking { iifname limit rate over 200/second burst 500 packets } ${refuse("limit_out")}`,
      ]),
      ...families((family) => [`${flowOf(family)} @connect${family.suffix} goto admit_out`]),
      "# A prefix never means other ISCs, the host itself, or what is on a link: each of those is declared by its name or address.",
      `fib daddr type local ${refuse("out")}`,
      `ip daddr 169.254.0.0/16 ${refuse("out")}`,
      ...families((family) => {
        const { ip, suffix } = family;
        return [`${ip} daddr != ${networks[suffix]} ${ip} daddr != @networks${suffix} ${flowOf(family)} @ranges${suffix} goto admit_out`];
      }),
      refuse("out"),
    ]),
    ...hook("inbound", "filter hook postrouting priority filter", [
      `oifname != ${links} accept`,
      `oifname @quarantined ${refuse("quarantine_in")}`,
      "oifname @paced jump pace_in",
      "ct state established accept",
      "# Not connections that a helper of the host's expects.",
      "ct state related meta l4proto { icmp, ipv6-icmp } accept",
      "meta l4proto ipv6-icmp jump neighbours",
      "meta l4proto ipv6-icmp jump unasked",
      "# iif 0: made by the host itself, such as the dock's health checks. Connections of ISCs were judged on their way out.",
      "iif 0 jump hosted",
      `iifname ${links} jump listening`,
      "# By a service address the host comes only where a flow of its own leads: that was the question above.",
      ...families(({ ip, suffix }) => [`iif 0 ct original ${ip} daddr @networks${suffix} ${refuse("in")}`]),
      "ct status dnat jump listening",
      refuse("in"),
    ]),
    ...["listen", "hosted"].flatMap((set) =>
      chain(
        set === "listen" ? "listening" : set,
        families(({ ip, suffix }) => [`ct state new ${ip} daddr . meta l4proto . th dport @${set}${suffix} goto admit_in`]),
      ),
    ),
    ...hook("expose", "nat hook prerouting priority dstnat", [`iifname ${links} jump services`, "fib daddr type local jump exposed"]),
    ...hook("expose_local", "nat hook output priority -100", [
      ...families(({ ip, suffix }) => [`${ip} daddr @networks${suffix} jump services`]),
      "fib daddr type local jump exposed",
    ]),
    ...chain("exposed", [
      ...families(({ ip, suffix }) => [
        `dnat ${ip} to ${ip} daddr . meta l4proto . th dport map @expose_at${suffix}`,
        `dnat ${ip} to meta l4proto . th dport map @expose${suffix}`,
      ]),
      ...families((family) =>
        balanced(family)
          .filter(({ map }) => map.startsWith("expose"))
          .toReversed()
          .map((map) => renderBalance(family, map)),
      ),
    ]),
    "\t# Where each service address leads to: instances that run and are well.",
    ...chain(
      "services",
      families((family) => [
        `dnat ${family.ip} to ${family.ip} daddr . meta l4proto . th dport map @service${family.suffix}`,
        ...balanced(family)
          .filter(({ map }) => map.startsWith("balance"))
          .map((map) => renderBalance(family, map)),
      ]),
    ),
    ...hook("source_nat", "nat hook postrouting priority srcnat", [
      ...families(({ ip, suffix }) => [
        `oifname != ${links} oifname != "lo" snat ${ip} to ${ip} saddr map @uplink${suffix}`,
        `oifname != ${links} oifname != "lo" ${ip} saddr ${networks[suffix]} masquerade`,
        `oifname != ${links} oifname != "lo" ${ip} saddr @networks${suffix} masquerade`,
      ]),
      "# An answer to a loopback address, to a neighbour behind an exposure, or to itself, would not come back through here.",
      ...families(({ ip, suffix, loopback }) => [
        `oifname ${links} ${ip} saddr ${loopback} masquerade`,
        `oifname . ${ip} saddr @hairpin${suffix} masquerade`,
        `oifname ${links} iifname ${links} ct status dnat ${ip} saddr ${networks[suffix]} ${ip} saddr != @networks${suffix} masquerade`,
      ]),
    ]),
  ];
}

function flowOf({ ip }: Family): string {
  return `${ip} saddr . ${ip} daddr . meta l4proto . th dport`;
}

/** What is beyond a flow's limit is counted for that flow, too. */
function renderFlowLimit(set: string): string {
  return `${flowKey} @${set} add @over { ${flowKey} } ${refuse("limit_out")}`;
}

function renderBalance({ ip }: Family, { map, key }: { readonly map: string; readonly key: string }): string {
  return `dnat ${ip} to ${key} . numgen random mod ${balanceBuckets} map @${map}`;
}

function chain(name: string, rules: readonly string[]): readonly string[] {
  return [`\tchain ${name} {`, ...rules.map((rule) => `\t\t${rule}`), "\t}"];
}

function hook(name: string, base: string, rules: readonly string[]): readonly string[] {
  return [`\tchain ${name} {`, `\t\ttype ${base}; policy accept;`, ...rules.map((rule) => `\t\t${rule}`), "\t}"];
}

interface Family {
  readonly suffix: 4 | 6;
  readonly ip: "ip" | "ip6";
  readonly type: "ipv4_addr" | "ipv6_addr";
  readonly loopback: string;
  readonly icmp: "icmp" | "ipv6-icmp";
}

function families(render: (family: Family) => readonly string[]): readonly string[] {
  return [
    ...render({ suffix: 4, ip: "ip", type: "ipv4_addr", loopback: "127.0.0.0/8", icmp: "icmp" }),
    ...render({ suffix: 6, ip: "ip6", type: "ipv6_addr", loopback: "::1", icmp: "ipv6-icmp" }),
  ];
}
