/**
 * Connections that the kernel tracks, held against what the firewall lets through: one that began while the dock's table was gone would
 * otherwise live on as "established". Says of each what the table's rules (render/nft-ruleset.ts) would have said to its first packet. Pure.
 */

export interface Connection {
  /** "tcp", "udp", or the protocol's number. */
  readonly protocol: string;
  /** Of the first packet. */
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  /** Where it leads after translation, which is where answers come from. */
  readonly target: string;
  readonly targetPort: number;
  /** Where answers go to: the source, unless that is translated. */
  readonly answersTo: string;
}

/** An element of the firewall's sets and maps. */
interface Element {
  readonly set: string;
  readonly key: readonly string[];
  readonly value?: readonly string[];
}

export interface Permissions {
  readonly elements: readonly Element[];
  isOfDock(address: string): boolean;
  isOfHost(address: string): boolean;
  isWithin(address: string, prefix: string): boolean;
}

/** Whether a connection must not go on as it is: it is not allowed, or it should be translated and is not. */
export class StrayConnections {
  readonly #permissions: Permissions;
  readonly #allowed: ReadonlySet<string>;
  readonly #quarantined: ReadonlySet<string>;
  readonly #ranges: ReadonlyMap<string, readonly string[]>;
  /** Where each exposed port of the host leads to, by "address protocol port" and "protocol port". */
  readonly #exposed: ReadonlyMap<string, readonly string[]>;

  constructor(permissions: Permissions) {
    this.#permissions = permissions;
    const { elements } = permissions;
    const named = (name: string) => elements.filter(({ set }) => set === `${name}4` || set === `${name}6`);
    const words = (name: string) => named(name).map(({ key }) => [name, ...key].join(" "));
    this.#allowed = new Set([...words("connect"), ...words("listen")]);
    const links = new Set(elements.flatMap(({ set, key }) => (set === "quarantined" ? key : [])));
    this.#quarantined = new Set(named("sources").flatMap(({ key: [link = "", , address = ""] }) => (links.has(link) ? [address] : [])));
    this.#ranges = group(named("ranges").map(({ key: [own, prefix = "", ...port] }) => [[own, ...port].join(" "), prefix]));
    const single = [...named("expose"), ...named("expose_at")].map(({ key, value }) => ({ key, port: value?.[1] ?? "" }));
    // The last part of their keys is the bucket.
    const spread = [...named("expose_balance"), ...named("expose_at_balance")].map(({ key, value }) => ({
      key: key.slice(0, -1),
      port: value?.[1] ?? "",
    }));
    this.#exposed = group([...single, ...spread].map(({ key, port }) => [key.join(" "), port]));
  }

  has(connection: Connection): boolean {
    const { source, destination, target, answersTo } = connection;
    const [fromIsc, toIsc] = [this.#isIsc(source), this.#isIsc(target)];
    if (fromIsc && !this.#mayLeave(connection)) return true;
    if (toIsc && !this.#mayArrive(connection, fromIsc)) return true;
    // It came to an exposed port while nothing was exposed; as long as it is known, no packet of it would be translated.
    if (target === destination && this.#permissions.isOfHost(destination) && this.#findExposed(connection).length > 0) return true;
    // It went out under an address that nobody outside can answer.
    return fromIsc && answersTo === source && !this.#permissions.isOfDock(target) && !this.#permissions.isOfHost(target);
  }

  /** The gateway is in the dock's network, and the host itself. */
  #isIsc(address: string): boolean {
    return this.#permissions.isOfDock(address) && !this.#permissions.isOfHost(address);
  }

  #mayLeave({ protocol, source, destination, port }: Connection): boolean {
    if (this.#quarantined.has(source)) return false;
    if (this.#allowed.has(`connect ${source} ${destination} ${protocol} ${port}`)) return true;
    if (this.#permissions.isOfDock(destination)) return false;
    const ranges = this.#ranges.get(`${source} ${protocol} ${port}`) ?? [];
    return ranges.some((prefix) => this.#permissions.isWithin(destination, prefix));
  }

  /** By an exposed port another instance of the ISC may be reached than the one that has it now: it drains. */
  #mayArrive(connection: Connection, fromIsc: boolean): boolean {
    const { protocol, source, target, targetPort } = connection;
    if (this.#quarantined.has(target) || !this.#allowed.has(`listen ${target} ${protocol} ${targetPort}`)) return false;
    return fromIsc || this.#permissions.isOfHost(source) || this.#findExposed(connection).includes(String(targetPort));
  }

  #findExposed({ protocol, destination, port }: Connection): readonly string[] {
    const own = this.#exposed.get(`${destination} ${protocol} ${port}`) ?? [];
    return [...own, ...(this.#exposed.get(`${protocol} ${port}`) ?? [])];
  }
}

function group(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) {
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [value]);
    else if (!known.includes(value)) known.push(value);
  }
  return groups;
}
