/** What the resolver answers to one query, without the machine. Only a whole name that the policy holds is ever asked of the outside. */
import { canonicalAddress, canonicalName, type KnownAsker, type KnownAskers } from "./resolver-policy.ts";

export interface Question {
  readonly name: string;
  /** "A", "AAAA", ..., "UNKNOWN_65" */
  readonly type: string;
  readonly class: string;
}

export interface Query {
  /** 0 asks; RFC 1035, section 4.1.1. */
  readonly opcode: number;
  readonly questions: readonly Question[];
}

/**
 * stranger: no ISC has this address · opcode, questions, class, type: nothing that an ISC needs to ask · name: nobody let it have this
 * one · longer: labels before a name that it may have, as those carry data who tunnel · unreachable: no ISC, or none that it may reach
 */
export type RefusalReason = "stranger" | "opcode" | "questions" | "class" | "type" | "name" | "longer" | "unreachable";

export type Decision =
  | { readonly kind: "answer"; readonly addresses: readonly string[] }
  /** The name of an address. */
  | { readonly kind: "pointer"; readonly name: string }
  | { readonly kind: "ask"; readonly name: string }
  /** The name is known, and has nothing of this type. */
  | { readonly kind: "empty" }
  /** Without a reason it is nothing to tell of. */
  | { readonly kind: "unknown"; readonly reason?: RefusalReason }
  | { readonly kind: "refused"; readonly reason: RefusalReason };

const transfers: readonly string[] = ["AXFR", "IXFR"];

export function decideQuery(askers: KnownAskers, source: string, query: Query): Decision {
  const asker = askers.get(source);
  if (!asker) return refused("stranger");
  if (query.opcode !== 0) return refused("opcode");
  const [question, ...more] = query.questions;
  if (!question || more.length > 0) return refused("questions");
  if (question.class !== "IN") return refused("class");
  if (transfers.includes(question.type)) return refused("type");
  const name = canonicalName(question.name);
  if (name === undefined) return refused("name");
  return isBelow(name, "in-addr.arpa") || isBelow(name, "ip6.arpa")
    ? decideReverse(asker, name, question.type)
    : decideName(asker, name, question.type);
}

/** Those of one family, for an answer of that type. */
export function addressesOfType(addresses: readonly string[], type: string): readonly string[] {
  if (type === "A") return addresses.filter((address) => !address.includes(":"));
  return type === "AAAA" ? addresses.filter((address) => address.includes(":")) : [];
}

function decideName(asker: KnownAsker, name: string, type: string): Decision {
  const inside = asker.inside.get(name);
  if (inside) {
    const addresses = addressesOfType(inside, type);
    return addresses.length > 0 ? { kind: "answer", addresses } : { kind: "empty" };
  }
  if (asker.outside.has(name)) return type === "A" || type === "AAAA" ? { kind: "ask", name } : { kind: "empty" };
  if (isBelow(name, "isc")) return { kind: "unknown", reason: "unreachable" };
  return refused(endsWithAny(name, asker.outside) ? "longer" : "name");
}

/** Programs ask for the name of every address that they see: those that have none here are nothing to tell of. */
function decideReverse(asker: KnownAsker, reverse: string, type: string): Decision {
  const address = addressOfReverse(reverse);
  const name = address === undefined ? undefined : asker.pointers.get(address);
  if (name === undefined) return { kind: "unknown" };
  return type === "PTR" ? { kind: "pointer", name } : { kind: "empty" };
}

/** RFC 1035, section 3.5; RFC 3596, section 2.5. */
function addressOfReverse(name: string): string | undefined {
  const labels = name.split(".").slice(0, -2).reverse();
  const text = name.endsWith(".ip6.arpa") ? reverse6(labels) : labels.join(".");
  try {
    return text === undefined ? undefined : canonicalAddress(text);
  } catch {
    return undefined;
  }
}

function reverse6(nibbles: readonly string[]): string | undefined {
  if (nibbles.length !== 32 || nibbles.some((nibble) => !/^[0-9a-f]$/.test(nibble))) return undefined;
  return nibbles.join("").replace(/.{4}(?=.)/g, "$&:");
}

function endsWithAny(name: string, names: ReadonlySet<string>): boolean {
  const labels = name.split(".");
  return labels.some((_, position) => position > 0 && names.has(labels.slice(position).join(".")));
}

function isBelow(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

function refused(reason: RefusalReason): Decision {
  return { kind: "refused", reason };
}
