/** What each ISC may have resolved: as data that the dock hands over, and as the index that questions are looked up in. Pure. */
import { parseIpAddress, renderIpAddress } from "../kernel/network-address.ts";

export interface Asker {
  /** What events call it. All its questions share one allowance. */
  readonly name: string;
  /** Every address that it may ask from; no two askers have the same. */
  readonly sources: readonly string[];
  /** Names that it may reach, with their IPv4 and IPv6 addresses. An address is given back as the first name that has it. */
  readonly inside: Readonly<Record<string, readonly string[]>>;
  /** Outside names that it may connect to. */
  readonly outside: readonly string[];
}

export type ResolverPolicy = readonly Asker[];

export interface KnownAsker {
  readonly name: string;
  readonly inside: ReadonlyMap<string, readonly string[]>;
  readonly outside: ReadonlySet<string>;
  /** Names by address. */
  readonly pointers: ReadonlyMap<string, string>;
}

/** By the address that they ask from. */
export type KnownAskers = ReadonlyMap<string, KnownAsker>;

/** Throws TypeError on what is no address or no host name. */
export function indexPolicy(policy: ResolverPolicy): KnownAskers {
  return new Map(
    policy.flatMap((asker) => {
      const known = indexAsker(asker);
      return asker.sources.map((source) => [canonicalAddress(source), known] as const);
    }),
  );
}

/** A host name in its one spelling: lower case, no dot at its end. Undefined for everything that is none, whatever its letters. */
export function canonicalName(text: string): string | undefined {
  // Only ASCII letters: others have lower case forms that are ASCII, such as the sign for kelvin.
  if (text.length > 253 || !/^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*$/.test(text)) return undefined;
  return text.toLowerCase();
}

/** An address as the kernel writes it. Throws TypeError on anything else. */
export function canonicalAddress(text: string): string {
  return renderIpAddress(parseIpAddress(text).bytes);
}

function indexAsker(asker: Asker): KnownAsker {
  const inside = Object.entries(asker.inside).map(([name, addresses]) => [nameOf(name), addresses.map(canonicalAddress)] as const);
  const pointers = inside.flatMap(([name, addresses]) => addresses.map((address) => [address, name] as const));
  return {
    name: asker.name,
    inside: new Map(inside),
    outside: new Set(asker.outside.map(nameOf)),
    pointers: new Map(pointers.reverse()),
  };
}

function nameOf(text: string): string {
  const name = canonicalName(text.replace(/\.$/, ""));
  if (name === undefined) throw new TypeError(`not a host name: ${text}`);
  return name;
}
