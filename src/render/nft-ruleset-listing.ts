/** What `nft -j list table` answers (libnftables-json(5)), read back into elements and into a text that shows any change of the rules. */

import { parsePrefix, renderPrefix } from "../base/ip-prefix.ts";
import type { NftElement } from "./nft-ruleset-elements.ts";
import { burstOf, type SetStatement } from "./nft-ruleset-statement.ts";

/** All elements of the sets and maps in a listing of one table, as `listNftElements` makes them. What is no such element is left out. */
export function parseNftElements(listing: unknown): readonly NftElement[] {
  return listObjects(listing).flatMap((object) => {
    const set = asRecord(object.set) ?? asRecord(object.map);
    const name = set?.name;
    const elements = set?.elem;
    if (typeof name !== "string" || !Array.isArray(elements) || filledByPackets.test(name)) return [];
    return elements.map((element) => parseElement(name, element));
  });
}

/** Sets which nobody declares the elements of. */
const filledByPackets = /^(?:(?:refused|told)_|(?:over|asking)$)/;

/**
 * A text that is the same as long as table, chains, rules, sets and counters are as they were loaded: handles, elements and counts are left out.
 * Its form depends on nft's version: compare only texts of one running dock.
 */
export function normalizeNftRules(listing: unknown): string {
  return listObjects(listing)
    .filter((object) => !("metainfo" in object))
    .map((object) => JSON.stringify(object, (key, value) => (isVolatile(key, value) ? undefined : value)))
    .join("\n");
}

const volatileKeys = new Set(["handle", "packets", "bytes"]);

/** The elements of a set are a list; what a rule puts into a set is called `elem` too, and does not change. */
function isVolatile(key: string, value: unknown): boolean {
  return volatileKeys.has(key) || (key === "elem" && Array.isArray(value));
}

/** What the elements of a set or map have counted, by the key's parts joined with " . ". */
export function parseElementCounts(listing: unknown, set: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const object of listObjects(listing)) {
    const found = asRecord(object.set) ?? asRecord(object.map);
    if (found?.name !== set || !Array.isArray(found.elem)) continue;
    for (const element of found.elem as readonly unknown[]) {
      const counting = asRecord(asRecord(Array.isArray(element) ? element[0] : element)?.elem);
      if (counting) counts.set(parseParts(counting.val).join(" . "), Number(asRecord(counting.counter)?.packets ?? 0));
    }
  }
  return counts;
}

/** The counters of a listing by name. */
export function parseNftCounters(listing: unknown): Readonly<Record<string, { readonly packets: number; readonly bytes: number }>> {
  return Object.fromEntries(
    listObjects(listing).flatMap((object) => {
      const counter = asRecord(object.counter);
      if (typeof counter?.name !== "string") return [];
      return [[counter.name, { packets: Number(counter.packets), bytes: Number(counter.bytes) }]];
    }),
  );
}

function parseElement(set: string, element: unknown): NftElement {
  const [key, value] = Array.isArray(element) ? element : [element];
  const counting = asRecord(asRecord(key)?.elem);
  const statement = counting && parseStatement(counting);
  return {
    set,
    key: parseParts(counting ? counting.val : key),
    ...(value !== undefined && { value: parseParts(value) }),
    ...(statement && { statement }),
  };
}

/** Of an element as `nft -j` lists it; undefined for one that counts nothing, or that is not as `renderStatement` makes it. */
function parseStatement(element: Readonly<Record<string, unknown>>): SetStatement | undefined {
  const limit = asRecord(element.limit);
  if (limit) {
    const over = Number(limit.rate);
    const isOurs = limit.per === "second" && limit.inv === true && limit.burst === burstOf(over);
    return { kind: "rate", over: isOurs ? over : Number.NaN };
  }
  const count = asRecord(element["ct count"]);
  return count ? { kind: "open", over: count.inv === true ? Number(count.val) : Number.NaN } : undefined;
}

function parseParts(value: unknown): readonly string[] {
  const parts = asRecord(value)?.concat;
  return (Array.isArray(parts) ? parts : [value]).map(parsePart);
}

function parsePart(part: unknown): string {
  const prefix = asRecord(asRecord(part)?.prefix);
  const text = prefix ? `${prefix.addr}/${prefix.len}` : String(part);
  const address = parsePrefix(text);
  return address ? renderPrefix(address) : text;
}

/** The objects of any answer of `nft -j`. */
export function listObjects(listing: unknown): readonly Readonly<Record<string, unknown>>[] {
  const objects = asRecord(listing)?.nftables;
  return asRecords(objects);
}

/** Those members of an array that are objects; none when the value is no array. */
export function asRecords(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) return [];
  return value.map((member: unknown) => asRecord(member)).filter((member) => member !== undefined);
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  // A non-null object may be read by any key; what is behind the key stays unknown.
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}
