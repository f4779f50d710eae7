/** The dock's nftables table: one base, and for each ISC the elements that let its declared traffic through. Closed wherever nothing is declared. */
import { type Nftables, NftError } from "../../host/kernel/nftables.ts";
import { type DockIdentity, tableName } from "../../model/identity.ts";
import { type IscRecord, identityOf } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { NetworkPolicy } from "../../model/network.ts";
import { renderNftBase } from "../../render/nft-ruleset.ts";
import {
  type IscTraffic,
  listNftElements,
  type NftElement,
  type ResolvedConnection,
  renderNftElements,
} from "../../render/nft-ruleset-elements.ts";
import { logGroupOf, parseRefusalCounts, type Refusal, renderRefusalListings } from "../../render/nft-ruleset-refusals.ts";
import { type MemberView, memberTraffic } from "../../render/stack-traffic.ts";

/** Addresses behind what a blueprint names: DNS names as last resolved, other ISCs as they are now. */
export interface AddressBook {
  ofName(host: string): readonly string[];
  ofIsc(name: Name): readonly string[];
}

/** An ISC may be called "resolver": what is none has a space in its name. */
export const resolverOwner = "the resolver";
/** Whose elements: an ISC's, one of its instances', a stack's, or the resolver's. */
export type ElementOwner = Name | `stack ${string}` | typeof resolverOwner;

/** The kernel's table is written by nobody but this object, so it knows the elements without asking. */
export class Firewall {
  readonly #nftables: Nftables;
  readonly #dock: DockIdentity;
  /** Where refused packets are told; undefined where the kernel cannot do that. */
  readonly logGroup: number | undefined;
  readonly #elements = new Map<ElementOwner, readonly NftElement[]>();
  #loaded = false;

  constructor(nftables: Nftables, dock: DockIdentity) {
    this.#nftables = nftables;
    this.#dock = dock;
    this.logGroup = findLogGroup(nftables, dock);
  }

  /** What is loaded before any ISC's elements. */
  get base(): string {
    return renderNftBase(this.#dock, this.logGroup);
  }

  /** Loads the whole table in one transaction. Connections that are open stay open: the kernel's connection tracking keeps them. Throws NftError. */
  load(elements: ReadonlyMap<ElementOwner, readonly NftElement[]>): void {
    const all = [...elements.values()].flat();
    const own = [...elements];
    this.#nftables.run(`${this.base}${renderNftElements(this.#dock, [], all)}`);
    this.#elements.clear();
    for (const [name, list] of own) this.#elements.set(name, list);
    this.#loaded = true;
  }

  /** Whether there is something to restore: before the first `load` the table may be an earlier dock's, whose elements nobody knows yet. */
  get isLoaded(): boolean {
    return this.#loaded;
  }

  /** The whole table again, as it should be, whatever has become of it. Open connections stay open. Throws NftError. */
  restore(): void {
    this.load(this.#elements);
  }

  /** Makes one ISC's elements what they should be, in one transaction that touches no other's. Throws NftError. */
  set(name: ElementOwner, wanted: readonly NftElement[]): void {
    this.#change(renderNftElements(this.#dock, this.#elements.get(name) ?? [], wanted), [], new Map([[name, wanted]]));
  }

  remove(name: ElementOwner): void {
    this.set(name, []);
    this.#elements.delete(name);
  }

  /**
   * Elements of several at once, in one transaction: between two packets everything has changed.
   * @param wanted those who keep or get elements; @param gone those whose elements others take over. Throws NftError.
   */
  exchange(wanted: ReadonlyMap<ElementOwner, readonly NftElement[]>, gone: readonly ElementOwner[]): void {
    const before = [...wanted.keys(), ...gone].flatMap((name) => this.elementsOf(name));
    this.#change(renderNftElements(this.#dock, before, [...wanted.values()].flat()), gone, wanted);
  }

  /** Commands rest on what is known of the table. Where somebody has just changed it they are refused: then it is loaded anew, with the change in it. */
  #change(commands: string, gone: readonly ElementOwner[], wanted: ReadonlyMap<ElementOwner, readonly NftElement[]>): void {
    try {
      if (commands !== "") this.#nftables.run(commands);
    } catch (error) {
      if (!(error instanceof NftError && this.#loaded)) throw error;
      this.load(new Map([...[...this.#elements].filter(([name]) => !gone.includes(name)), ...wanted]));
      return;
    }
    for (const name of gone) this.#elements.delete(name);
    for (const [name, elements] of wanted) this.#elements.set(name, elements);
  }

  /** Everything that lets something through now. */
  get elements(): readonly NftElement[] {
    return [...this.#elements.values()].flat();
  }

  elementsOf(name: ElementOwner): readonly NftElement[] {
    return this.#elements.get(name) ?? [];
  }

  /** `nft -j list table`, straight from the kernel. */
  list(): unknown {
    return this.#nftables.runJson(`list table inet ${tableName(this.#dock)}`);
  }

  /** How many packets were refused since the table was loaded, by kind and link. Throws NftError. */
  countRefused(): ReadonlyMap<Refusal, ReadonlyMap<string, number>> {
    return parseRefusalCounts(renderRefusalListings(tableName(this.#dock)).map((command) => this.#nftables.runJson(command)));
  }

  /** Takes the table away: only when no ISC is left. Safe to repeat. */
  unload(): void {
    this.#nftables.run(`table inet ${tableName(this.#dock)} {}\ndelete table inet ${tableName(this.#dock)}\n`);
    this.#elements.clear();
    this.#loaded = false;
  }
}

/** The kernel refuses a rule that logs to a group when it has no nfnetlink_log, and cannot load it. */
function findLogGroup(nftables: Nftables, dock: DockIdentity): number | undefined {
  const group = logGroupOf(dock);
  try {
    const table = `inet ${tableName(dock)}_try`;
    nftables.check(`table ${table} {\nchain c {\nlog group ${group}\n}\n}\n`);
    return group;
  } catch (error) {
    if (error instanceof NftError) return undefined;
    throw error;
  }
}

/** Every element that an ISC of this record and policy needs. Pure. */
export function elementsOfIsc(dock: DockIdentity, record: IscRecord, policy: NetworkPolicy, book: AddressBook): readonly NftElement[] {
  return listNftElements({
    ...standing(dock, record),
    listen: policy.listen,
    connections: policy.connect.flatMap((connection): readonly ResolvedConnection[] => {
      const { port, protocol } = connection;
      const addresses =
        connection.kind === "address"
          ? [connection.address]
          : connection.kind === "name"
            ? book.ofName(connection.host)
            : book.ofIsc(connection.isc);
      return addresses.map((address) => ({ address, port, protocol }));
    }),
  });
}

/** The same for one that is part of a stack. Pure. */
export function elementsOfMember(dock: DockIdentity, record: IscRecord, view: MemberView): readonly NftElement[] {
  return listNftElements({ ...standing(dock, record), ...memberTraffic(view) });
}

/** What holds whatever it may hear and say. */
function standing(dock: DockIdentity, record: IscRecord): Pick<IscTraffic, "interfaces" | "exposures" | "quarantined"> {
  return {
    interfaces: identityOf(dock, record).interfaces,
    // Whoever comes for the host port of one in quarantine is refused by the host at once, as by a port that nobody listens on.
    exposures: record.quarantine ? [] : record.exposures,
    quarantined: record.quarantine !== undefined,
  };
}
