/** The kernel's firewall held against what the dock loads and against what each ISC's blueprint declares. */
import { tableName } from "../../model/identity.ts";
import { type IscRecord, identityOf, instancesOf } from "../../model/isc.ts";
import type { NetworkPolicy } from "../../model/network.ts";
import type { DeclaredTraffic, ElementFacts, FirewallFacts, RulePart } from "../../plan/checks/facts.ts";
import { elementsAbout, identifyElement, type NftElement, subjectOf } from "../../render/nft-ruleset-elements.ts";
import { asRecord, listObjects, normalizeNftRules, parseNftElements } from "../../render/nft-ruleset-listing.ts";
import type { Engine } from "../engine.ts";
import { trafficOf } from "../parts/traffic.ts";
import { stackOf } from "../stack/membership.ts";
import { resolverElements } from "../stack/resolver-network.ts";

/** One listing serves all ISCs of a run. */
export interface FirewallView {
  readonly parts: readonly RulePart[];
  readonly elements: readonly NftElement[];
  /** The same, as `identifyElement` names them. */
  readonly present: ReadonlySet<string>;
  /** What stacks should have as a whole. */
  readonly ofStacks: readonly NftElement[];
  /** About no ISC of this dock. */
  readonly orphans: readonly NftElement[];
  /** Objects of foreign tables that translate addresses, as JSON. */
  readonly foreignRules: readonly { readonly table: string; readonly text: string }[];
}

/** @param reference as `groupRules` made it of the untouched table. Throws NftError. */
export function viewFirewall(engine: Engine, reference: ReadonlyMap<string, string>): FirewallView {
  const listing = listTable(engine);
  const elements = parseNftElements(listing);
  const instances = engine.iscs.list().flatMap(instancesOf);
  const interfaces = instances.flatMap((instance) => identityOf(engine.dock, instance).interfaces);
  const known = new Set(interfaces.flatMap(({ address, address6, link }) => [address, address6, link]));
  const ofStacks = stackElements(engine);
  const expected = new Set(ofStacks.map(identifyElement));
  return {
    parts: compareRules(reference, groupRules(listing)),
    elements,
    present: new Set(elements.map(identifyElement)),
    ofStacks,
    orphans: elements.filter((element) => !known.has(subjectOf(element)) && !expected.has(identifyElement(element))),
    foreignRules: listForeignTranslations(engine),
  };
}

/** A table that is gone has nothing in it: that is an answer, where nft has only a complaint. */
function listTable({ firewall, host, dock }: Engine): unknown {
  try {
    return firewall.list();
  } catch (error) {
    const tables = listObjects(host.kernel.nftables.runJson("list tables")).map((object) => asRecord(object.table));
    if (tables.some((table) => table?.family === "inet" && table.name === tableName(dock))) throw error;
    return { nftables: [] };
  }
}

export function readFirewall(engine: Engine, view: FirewallView, record: IscRecord, policy: NetworkPolicy): FirewallFacts {
  const { interfaces, address: first } = identityOf(engine.dock, record);
  // Of its stack's elements those that lead to it.
  const wanted = [...trafficOf(engine, record, policy), ...elementsAbout(interfaces, view.ofStacks)];
  const wantedKeys = new Set(wanted.map(identifyElement));
  const own = elementsAbout(interfaces, view.elements);
  const addresses = interfaces.flatMap(({ address, address6 }) => [address, address6]);
  return {
    table: tableName(engine.dock),
    parts: view.parts,
    missing: wanted.filter((element) => !view.present.has(identifyElement(element))).map(describe),
    extra: [...own.filter((element) => !wantedKeys.has(identifyElement(element))), ...view.orphans].map(describe),
    wantedCount: wanted.length,
    declared: declaredOf(engine, record, policy),
    foreign: view.foreignRules
      .filter(({ text }) => addresses.some((address) => text.includes(`"${address}"`)))
      .map(({ table }) => `nft list table ${table}: a foreign rule translates addresses to or from ${first}`),
  };
}

function declaredOf(engine: Engine, { stack: membership, exposures }: IscRecord, { connect }: NetworkPolicy): DeclaredTraffic {
  const stack = stackOf(engine, { stack: membership });
  const exposed = [...exposures, ...((membership && stack?.members[membership.member]?.expose) ?? [])];
  return {
    by: stack ? `stack ${stack.name}` : "network.connect",
    connections: stack ? stack.flows.filter(({ from }) => from === membership?.member).length : connect.length,
    exposures: exposed.map(({ hostPort, port, protocol }) => `${hostPort} to ${port}/${protocol}`),
  };
}

function stackElements(engine: Engine): readonly NftElement[] {
  return [...resolverElements(engine.dock), ...engine.stacks.list().flatMap((stack) => engine.stackTraffic.elementsOf(stack))];
}

function describe({ set, key, value }: NftElement): ElementFacts {
  return { set, text: [key.join(" . "), ...(value ? [value.join(" . ")] : [])].join(" : ") };
}

/** The text of each chain with its rules, of each set, map, counter and of the table itself, without what changes by itself. */
export function groupRules(listing: unknown): ReadonlyMap<string, string> {
  const groups = new Map<string, string>();
  for (const object of listObjects(listing)) {
    const part = partOf(object);
    if (part !== undefined) groups.set(part, `${groups.get(part) ?? ""}${normalizeNftRules({ nftables: [object] })}\n`);
  }
  return groups;
}

function partOf(object: Readonly<Record<string, unknown>>): string | undefined {
  for (const [kind, value] of Object.entries(object)) {
    if (kind === "metainfo") return undefined;
    const fields = asRecord(value);
    return kind === "rule" ? `chain ${String(fields?.chain)}` : `${kind} ${String(fields?.name)}`;
  }
  return undefined;
}

export function compareRules(reference: ReadonlyMap<string, string>, present: ReadonlyMap<string, string>): readonly RulePart[] {
  return [...new Set([...reference.keys(), ...present.keys()])].flatMap((part): readonly RulePart[] => {
    const [should, is] = [reference.get(part), present.get(part)];
    if (should === is) return [];
    return [{ part, change: is === undefined ? "missing" : should === undefined ? "extra" : "changed" }];
  });
}

/** Only tables with chains of type nat: there a rule could lead strangers to an ISC past what is exposed. Throws NftError. */
function listForeignTranslations({ host, dock }: Engine): FirewallView["foreignRules"] {
  const { nftables } = host.kernel;
  const chains = listObjects(nftables.runJson("list chains")).map((object) => asRecord(object.chain));
  const tables = new Set(
    chains.flatMap((chain) =>
      chain?.type === "nat" && chain.table !== tableName(dock) ? [`${String(chain.family)} ${String(chain.table)}`] : [],
    ),
  );
  return [...tables].flatMap((table) =>
    listObjects(nftables.runJson(`list table ${table}`)).map((object) => ({ table, text: JSON.stringify(object) })),
  );
}
