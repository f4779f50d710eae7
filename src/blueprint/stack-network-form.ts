/** The stack's `networks`: which there are, their addresses, and which lead outside. */
import { z } from "zod";
import { liesWithin, prefixesOverlap } from "../base/ip-prefix.ts";
import type { NetworkDeclaration, Uplink } from "../model/stack.ts";
import { given } from "./given.ts";
import { parseAddress, parsePrefix, withoutHostBits } from "./ip-address.ts";
import { complain, count, line, name } from "./scalars.ts";

const mostNetworks = 32;
const uniqueLocal = "fc00::/7";

const special: readonly (readonly [prefix: string, use: string])[] = [
  ["0.0.0.0/8", "means this host"],
  ["127.0.0.0/8", "is loopback"],
  ["169.254.0.0/16", "is link-local"],
  ["224.0.0.0/4", "is multicast"],
  ["240.0.0.0/4", "is reserved"],
];

const subnet = line("expected an IPv4 prefix such as 10.50.1.0/24").transform((text, context): string => {
  const mistake = findSubnetMistake(text);
  return mistake === undefined ? text : complain(context, mistake);
});

const subnet6 = line('expected an IPv6 prefix such as "fd00:1:2:3::/64"').transform((text, context): string => {
  const prefix = parsePrefix(text);
  if (prefix?.endsWith("/64") && liesWithin(prefix, uniqueLocal)) return prefix;
  return complain(context, subnet6Rule(text));
});

const outwardRule = "expected true, an address of this host, or { interface: eth1 }";

const hostAddress = line(outwardRule).transform((text, context): string => {
  const address = parseAddress(text);
  const isUsable = address !== undefined && address !== "::" && address !== "::1" && !isSpecial(address);
  return isUsable
    ? address
    : complain(context, address === undefined ? outwardRule : "expected an address of this host that others can reach");
});

const outward = z
  .union(
    [
      z.boolean(),
      hostAddress,
      z.strictObject({
        address: hostAddress.optional().describe("The address of this host that connections to the outside have."),
        interface: line("expected an interface of this host, such as eth1", /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/)
          .optional()
          .describe("The interface of this host that connections to the outside leave by."),
      }),
    ],
    { error: outwardRule },
  )
  .transform((way, context): Uplink | undefined => {
    if (typeof way === "boolean") return way ? { kind: "any" } : undefined;
    if (typeof way === "string") return { kind: "address", address: way };
    if (way.address !== undefined && way.interface === undefined) return { kind: "address", address: way.address };
    if (way.interface !== undefined && way.address === undefined) return { kind: "interface", interface: way.interface };
    return complain(context, "expected exactly one of address or interface");
  });

const networkForm = z
  .strictObject(
    {
      subnet: subnet.optional().describe("Its IPv4 prefix, of length 8 to 28. Without it the dock chooses one."),
      subnet6: subnet6.optional().describe("Its IPv6 prefix, a /64 of the unique local ones (fc00::/7). Without it the dock chooses one."),
      mtu: count(1_280, 65_535).optional().describe("The largest packet in bytes. Without it, what the host's own link takes."),
      outward: outward
        .optional()
        .describe(
          "Whether it has a way out: true, or the host's address or interface to leave by. Without it nothing on it can reach the outside.",
        ),
    },
    { error: "expected a mapping such as { outward: true }, or {}" },
  )
  .transform(({ outward: uplink, ...same }): NetworkDeclaration => given({ ...same, uplink }));

export const networksForm = z
  .record(name, networkForm.nullable(), { error: "expected a mapping of network names, such as { front: {}, back: {} }" })
  .superRefine((networks, context) => {
    const found = Object.keys(networks).length;
    if (found === 0 || found > mostNetworks) complain(context, `expected 1 to ${mostNetworks} networks`);
  });

function findSubnetMistake(text: string): string | undefined {
  const prefix = parsePrefix(text);
  const meant = withoutHostBits(text);
  if (meant === undefined || meant.includes(":")) return "expected an IPv4 prefix such as 10.50.1.0/24";
  if (prefix === undefined) return `expected a prefix without host bits, such as ${meant}`;
  const length = Number(text.split("/")[1]);
  if (length < 8 || length > 28) return "expected a prefix of length 8 to 28, such as 10.50.1.0/24";
  const [taken, use] = special.find(([candidate]) => prefixesOverlap(prefix, candidate)) ?? [];
  return taken === undefined ? undefined : `expected a prefix for hosts, such as 10.50.1.0/24: ${taken} ${use}`;
}

function subnet6Rule(text: string): string {
  const meant = withoutHostBits(text);
  if (meant?.includes(":") && parsePrefix(text) === undefined) {
    return `expected a prefix without host bits, such as "${meant}"`;
  }
  return 'expected a /64 of the unique local addresses (fc00::/7), such as "fd00:1:2:3::/64"';
}

function isSpecial(address: string): boolean {
  return special.some(([prefix]) => liesWithin(address, prefix)) || liesWithin(address, "ff00::/8");
}
