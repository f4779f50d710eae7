/**
 * The firewall of one dock: a table that never changes, and sets and maps that say everything about single ISCs (nft-ruleset-elements.ts).
 * What an ISC sends is judged before address translation (prerouting), what reaches it after (postrouting): one place for each direction,
 * whether the other end is the world, the host or another ISC. Foreign firewalls' chains are never overruled; see nft-ruleset-foreign.ts.
 */
import { type DockIdentity, linkPrefix, tableName } from "../model/identity.ts";
import { refuse, renderRefusalChains, renderRefusalSets } from "./nft-ruleset-refusals.ts";

/** Names of the table's counters, and what each counts. */
const nftCounters = {
  spoofed: "packets of ISCs with an address that is not theirs",
  denied_out: "packets of ISCs that open a connection nobody declared",
  denied_in: "packets to ISCs that reach for a port nobody exposed",
  quarantined: "packets from and to ISCs in quarantine",
} as const;

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
    ...renderChains(`"${linkPrefix(dock)}*"`, renderNetwork(dock), `${dock.prefix6}::/64`),
    "}",
    "",
  ].join("\n");
}

const setDeclarations = [
  "\tset quarantined { type ifname; }",
  ...families(({ suffix, type }) => [
    `\tset sources${suffix} { type ifname . ${type}; }`,
    `\tset listen${suffix} { type ${type} . inet_proto . inet_service; }`,
    `\tset connect${suffix} { type ${type} . ${type} . inet_proto . inet_service; }`,
    `\tset ranges${suffix} { type ${type} . ${type} . inet_proto . inet_service; flags interval; }`,
    `\tmap expose${suffix} { type inet_proto . inet_service : ${type} . inet_service; }`,
    `\tmap expose_at${suffix} { type ${type} . inet_proto . inet_service : ${type} . inet_service; }`,
  ]),
];

function renderChains(links: string, network4: string, network6: string): readonly string[] {
  const networks = { 4: network4, 6: network6 };
  return [
    "\t# RFC 4861: without neighbour discovery there is no IPv6. A hop limit of 255 proves that the packet was not forwarded.",
    "\tchain neighbours {",
    "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept",
    "\t\t# What every kernel says unasked, and nobody needs.",
    "\t\ticmpv6 type { nd-router-solicit, mld-listener-report, mld2-listener-report, mld-listener-done } drop",
    "\t}",
    "\tchain link_sources {",
    `\t\tiifname @quarantined ${refuse("quarantine_out")}`,
    "\t\t# route_localnet lets the links route to the host's loopback; no blueprint can declare that.",
    `\t\tip daddr 127.0.0.0/8 ${refuse("spoof")}`,
    "\t\tiifname . ip saddr @sources4 accept",
    "\t\tiifname . ip6 saddr @sources6 accept",
    "\t\tip6 saddr { ::, fe80::/64 } jump neighbours",
    `\t\t${refuse("spoof")}`,
    "\t}",
    ...hook("sources", "filter hook prerouting priority raw", [
      `iifname ${links} jump link_sources`,
      ...families(({ ip, suffix }) => [`${ip} saddr ${networks[suffix]} iifname != "lo" ${refuse("spoof")}`]),
    ]),
    ...hook("outbound", "filter hook prerouting priority mangle", [
      `iifname != ${links} accept`,
      "ct state established,related accept",
      "meta l4proto ipv6-icmp jump neighbours",
      ...families(({ ip, suffix }) => [`${ip} saddr . ${ip} daddr . meta l4proto . th dport @connect${suffix} accept`]),
      "# A prefix never means other ISCs: each of those is declared by its name.",
      ...families(({ ip, suffix }) => [
        `${ip} daddr != ${networks[suffix]} ${ip} saddr . ${ip} daddr . meta l4proto . th dport @ranges${suffix} accept`,
      ]),
      refuse("out"),
    ]),
    ...hook("inbound", "filter hook postrouting priority filter", [
      `oifname != ${links} accept`,
      `oifname @quarantined ${refuse("quarantine_in")}`,
      "ct state established,related accept",
      "meta l4proto ipv6-icmp jump neighbours",
      "# iif 0: made by the host itself, such as the dock's health checks. Connections of ISCs were judged on their way out.",
      "iif 0 jump listening",
      `iifname ${links} jump listening`,
      "ct status dnat jump listening",
      refuse("in"),
    ]),
    "\tchain listening {",
    ...families(({ ip, suffix }) => [`\t\tct state new ${ip} daddr . meta l4proto . th dport @listen${suffix} accept`]),
    "\t}",
    ...hook("expose", "nat hook prerouting priority dstnat", ["fib daddr type local jump exposed"]),
    ...hook("expose_local", "nat hook output priority -100", ["fib daddr type local jump exposed"]),
    "\tchain exposed {",
    ...families(({ ip, suffix }) => [
      `\t\tdnat ${ip} to ${ip} daddr . meta l4proto . th dport map @expose_at${suffix}`,
      `\t\tdnat ${ip} to meta l4proto . th dport map @expose${suffix}`,
    ]),
    "\t}",
    ...hook("source_nat", "nat hook postrouting priority srcnat", [
      ...families(({ ip, suffix }) => [`oifname != ${links} oifname != "lo" ${ip} saddr ${networks[suffix]} masquerade`]),
      "# An answer to a loopback address, or to a neighbour behind an exposure, would not come back through here.",
      ...families(({ ip, suffix, loopback }) => [
        `oifname ${links} ${ip} saddr ${loopback} masquerade`,
        `oifname ${links} iifname ${links} ct status dnat ${ip} saddr ${networks[suffix]} masquerade`,
      ]),
    ]),
  ];
}

function hook(name: string, base: string, rules: readonly string[]): readonly string[] {
  return [`\tchain ${name} {`, `\t\ttype ${base}; policy accept;`, ...rules.map((rule) => `\t\t${rule}`), "\t}"];
}

interface Family {
  readonly suffix: 4 | 6;
  readonly ip: "ip" | "ip6";
  readonly type: "ipv4_addr" | "ipv6_addr";
  readonly loopback: string;
}

function families(render: (family: Family) => readonly string[]): readonly string[] {
  return [
    ...render({ suffix: 4, ip: "ip", type: "ipv4_addr", loopback: "127.0.0.0/8" }),
    ...render({ suffix: 6, ip: "ip6", type: "ipv6_addr", loopback: "::1" }),
  ];
}

/** ISC_NET in nft's words. */
function renderNetwork(dock: DockIdentity): string {
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(dock.networkBase / 2 ** shift) % 256);
  return `${octets.join(".")}/${dock.prefixLength}`;
}
