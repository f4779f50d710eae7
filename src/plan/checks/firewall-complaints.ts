/** What is wrong with the firewall, as far as one row answers for it. */
import type { FirewallFacts } from "./facts.ts";
import { type NetworkRow, rowOfPart, rowOfSet } from "./rule-parts.ts";

export function firewallComplaints({ table, parts, missing, extra }: FirewallFacts, row: NetworkRow): readonly string[] {
  return [
    ...parts
      .filter(({ part }) => rowOfPart(part) === row)
      .map(({ part, change }) => `nft list table inet ${table}: ${part} ${changes[change]}`),
    ...extra
      .filter(({ set }) => rowOfSet(set) === row)
      .map(({ set, text }) => `nft list table inet ${table}: ${set} has { ${text} }, which nobody declared`),
    ...missing.filter(({ set }) => rowOfSet(set) === row).map(({ set, text }) => `nft list table inet ${table}: ${set} lacks { ${text} }`),
  ];
}

const changes = { missing: "is missing", changed: "is not as the dock made it", extra: "is not the dock's" } as const;
