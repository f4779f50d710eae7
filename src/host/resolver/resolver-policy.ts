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
  // The same names and addresses come again with each asker.
  const spelling = { name: remember(nameOf), address: remember(canonicalAddress) };
  return new Map(
    policy.flatMap((asker) => {
      const known = indexAsker(asker, spelling);
      return asker.sources.map((source) => [spelling.address(source), known] as const);
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

function indexAsker(asker: Asker, spelling: Readonly<Record<"name" | "address", (text: string) => string>>): KnownAsker {
  const inside = new Map(Object.entries(asker.inside).map(([name, addresses]) => [spelling.name(name), addresses.map(spelling.address)]));
  const pointers = new Map<string, string>();
  for (const [name, addresses] of inside) {
    for (const address of addresses) if (!pointers.has(address)) pointers.set(address, name);
  }
  return { name: asker.name, inside, outside: new Set(asker.outside.map(spelling.name)), pointers };
}

function remember(spell: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const spelt = spell(text);
    known.set(text, spelt);
    return spelt;
  };
}

function nameOf(text: string): string {
  const name = canonicalName(text.replace(/\.$/, ""));
  if (name === undefined) throw new TypeError(`not a host name: ${text}`);
  return name;
}
