/**
 * The firewall of the resolver's own network namespace. Whatever becomes of the process in it, it can answer and begin nothing; and what
 * one ISC sends beyond its share is dropped before it takes the room of what others send.
 */

/** Of one address; well above what the resolver answers it, so that the resolver still sees, and tells, who floods. */
const packetsPerSecond = 2_000;
const mostAddresses = 65_535;

export function renderResolverRuleset(): string {
  return [
    "table inet resolver {}",
    "delete table inet resolver",
    "table inet resolver {",
    ...families.map(({ ip, type }) => `\tset ${ip}_askers { type ${type}; size ${mostAddresses}; flags dynamic,timeout; timeout 10s; }`),
    "\tchain questions {",
    ...families.map(({ ip }) => `\t\tupdate @${ip}_askers { ${ip} saddr limit rate over ${rate} } drop`),
    "\t\taccept",
    "\t}",
    "\tchain input {",
    "\t\ttype filter hook input priority filter; policy drop;",
    "\t\tmeta l4proto { tcp, udp } th dport 53 jump questions",
    `\t\t${neighbours}`,
    "\t}",
    "\tchain forward { type filter hook forward priority filter; policy drop; }",
    "\tchain output {",
    "\t\ttype filter hook output priority filter; policy drop;",
    "\t\tudp sport 53 accept",
    "\t\t# A connection begins with SYN alone.",
    "\t\ttcp sport 53 tcp flags & (syn | ack) != syn accept",
    `\t\t${neighbours}`,
    "\t}",
    "}",
    "",
  ].join("\n");
}

const rate = `${packetsPerSecond}/second burst ${packetsPerSecond} packets`;
/** RFC 4861: a hop limit of 255 proves that the packet was not forwarded. */
const neighbours = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept";
const families = [
  { ip: "ip", type: "ipv4_addr" },
  { ip: "ip6", type: "ipv6_addr" },
] as const;
