/**
 * What happens to a refused packet: it is counted for the whole table and, exactly, for its link, handed to whoever reads the dock's log
 * group at a rate that each link has for itself (so that a flood of one ISC hides no other's packets), and dropped.
 * See nft(8), "log statement", "limit statement" and "set statement".
 */
import type { DockIdentity } from "../model/identity.ts";
import { asRecord, listObjects } from "./nft-ruleset-listing.ts";

/** Which chain refused; also the prefix that the log carries. */
export const refusals = ["out", "in", "spoof", "quarantine_out", "quarantine_in", "limit_out", "limit_in"] as const;
export type Refusal = (typeof refusals)[number];

/** The counter of each, and which link of a packet is the ISC's. */
const refusing: Readonly<Record<Refusal, readonly [counter: string, key: "iifname" | "oifname"]>> = {
  out: ["denied_out", "iifname"],
  in: ["denied_in", "oifname"],
  spoof: ["spoofed", "iifname"],
  quarantine_out: ["quarantined", "iifname"],
  quarantine_in: ["quarantined", "oifname"],
  limit_out: ["limited", "iifname"],
  limit_in: ["limited", "oifname"],
};

/** Packets a second that one link's refusals of one kind may put into the log. */
const toldPerSecond = 40;
const toldAtOnce = 80;
/** Two for each slot of a dock. */
const mostLinks = 8_192;
/** Bytes of each packet that are told: any header of IP with its options, or of IPv6 with a few extensions, and the ports behind it. */
const toldBytes = 128;
/** Groups below are what people give to ulogd and others by hand. */
const firstGroup = 0x400;

/** Of nfnetlink_log: one for each dock of a host. */
export function logGroupOf(dock: DockIdentity): number {
  return firstGroup + (Number.parseInt(dock.tag, 16) % (0x1_0000 - firstGroup));
}

/** In place of "drop". */
export function refuse(refusal: Refusal): string {
  return `goto refuse_${refusal}`;
}

export function renderRefusalSets(): readonly string[] {
  return refusals.flatMap((refusal) => [
    `\tset refused_${refusal} { type ifname; size ${mostLinks}; flags dynamic; counter; }`,
    `\tset told_${refusal} { type ifname; size ${mostLinks}; flags dynamic; }`,
  ]);
}

/** @param logGroup undefined where the kernel cannot log to user space: then there are only the counters */
export function renderRefusalChains(logGroup: number | undefined): readonly string[] {
  return refusals.flatMap((refusal) => {
    const [counter, key] = refusing[refusal];
    return [
      `\tchain refuse_${refusal} {`,
      `\t\tcounter name ${counter} add @refused_${refusal} { ${key} }`,
      ...(logGroup === undefined
        ? []
        : [
            `\t\tadd @told_${refusal} { ${key} limit rate ${toldPerSecond}/second burst ${toldAtOnce} packets } ` +
              `log prefix "${refusal}" group ${logGroup} snaplen ${toldBytes}`,
          ]),
      "\t\tdrop",
      "\t}",
    ];
  });
}

/** nft commands whose answers `parseRefusalCounts` reads. Each by itself: of several nft 1.0 finds only the last one's set. */
export function renderRefusalListings(table: string): readonly string[] {
  return refusals.map((refusal) => `list set inet ${table} refused_${refusal}`);
}

/** How many packets were refused, by kind and link. */
export function parseRefusalCounts(listings: readonly unknown[]): ReadonlyMap<Refusal, ReadonlyMap<string, number>> {
  const counts = new Map<Refusal, ReadonlyMap<string, number>>();
  for (const object of listings.flatMap(listObjects)) {
    const set = asRecord(object.set);
    const refusal = refusals.find((one) => set?.name === `refused_${one}`);
    if (set && refusal) counts.set(refusal, new Map(parseElements(set.elem)));
  }
  return counts;
}

function parseElements(elements: unknown): readonly (readonly [string, number])[] {
  if (!Array.isArray(elements)) return [];
  return elements.flatMap((entry: unknown) => {
    const element = asRecord(asRecord(entry)?.elem);
    const packets = asRecord(element?.counter)?.packets;
    return typeof element?.val === "string" && typeof packets === "number" ? [[element.val, packets] as const] : [];
  });
}
