/** DNS names that blueprints allow connections to, as the dock last resolved them. ISCs need no resolver: they find the answers in /etc/hosts. */
import type { Host } from "../../host/host.ts";

export class NameBook {
  readonly #host: Pick<Host, "resolveName">;
  readonly #answers = new Map<string, readonly string[]>();

  constructor(host: Pick<Host, "resolveName">) {
    this.#host = host;
  }

  /** Addresses last seen; empty for a name never resolved. */
  addressesOf(name: string): readonly string[] {
    return this.#answers.get(name) ?? [];
  }

  /**
   * Asks the host's resolver for each name. A name that does not resolve keeps its last addresses, so that a resolver's bad minute cuts nobody off.
   * @returns the names whose addresses have changed
   */
  async refresh(names: Iterable<string>): Promise<readonly string[]> {
    const changed = await Promise.all([...new Set(names)].map((name) => this.#refreshOne(name)));
    return changed.filter((name) => name !== undefined);
  }

  async #refreshOne(name: string): Promise<string | undefined> {
    const addresses = [...(await this.#host.resolveName(name))].sort();
    if (addresses.length === 0 || addresses.join() === this.addressesOf(name).join()) return undefined;
    this.#answers.set(name, addresses);
    return name;
  }
}
