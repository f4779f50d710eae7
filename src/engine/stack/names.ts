/**
 * Names for the ISCs of stacks. The dock has one resolver, which tells each ISC the names that its flows lead to; outside names are
 * resolved here, and an ISC may reach their addresses only after, and as long as, it has been told them.
 */
import { reasonOf } from "../../base/reason-of.ts";
import { createAddressFilter } from "../../host/resolver/address-filter.ts";
import { OutsideNames } from "../../host/resolver/outside-names.ts";
import type { RefusalReport } from "../../host/resolver/refusal-batch.ts";
import type { Resolver } from "../../host/resolver/resolver-options.ts";
import type { Asker } from "../../host/resolver/resolver-policy.ts";
import { networksOfDock } from "../../model/identity.ts";
import { type IscRecord, identityOf, instancesOf } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { StackRecord } from "../../model/stack.ts";
import { prefixesOf } from "../../model/stack-address.ts";
import { namesFor } from "../../model/stack-flows.ts";
import { describeMoreRefused, describeRebinding, describeRefusedName } from "../../plan/watch/name-words.ts";
import type { Engine } from "../engine.ts";
import { refreshTrafficOf } from "../parts/traffic.ts";
import { allRanges, stackOf } from "./membership.ts";
import {
  ensureProgramView,
  ensureResolverNetwork,
  removeProgramView,
  removeResolverNetwork,
  resolverIdentity,
  resolverPin,
} from "./resolver-network.ts";
import type { StackNamesPart } from "./stack-parts.ts";

const sweepEveryMs = 1_000;

export class StackNames implements StackNamesPart {
  readonly #engine: () => Engine;
  readonly #told = new Map<Name, Map<string, readonly string[]>>();
  #outside: OutsideNames | undefined;
  #resolver: Promise<Resolver> | undefined;
  #policy = "";
  #applied: Promise<void> = Promise.resolve();
  #sweeping: NodeJS.Timeout | undefined;

  /** @param engine which holds this object */
  constructor(engine: () => Engine) {
    this.#engine = engine;
  }

  /** Of the resolver: IPv4, IPv6. */
  get addresses(): readonly string[] {
    const { address, address6 } = resolverIdentity(this.#engine().dock);
    return [address, address6];
  }

  /** What an ISC has been told for a name, as long as it holds. */
  addressesOf(isc: Name, host: string): readonly string[] {
    return this.#told.get(isc)?.get(host) ?? [];
  }

  /**
   * The resolver is there as long as a stack is up, and knows what each of its ISCs may ask. Safe to repeat. Without it the names of a
   * stack's own ISCs are known all the same (/etc/hosts), and what is missing is told.
   */
  async ensure(): Promise<void> {
    const engine = this.#engine();
    if (!engine.stacks.list().some(({ desired }) => desired === "up")) return this.#end();
    const askers = listAskers(engine);
    const policy = JSON.stringify(askers);
    if (policy !== this.#policy) {
      this.#policy = policy;
      this.#applied = this.#apply(askers).catch((error: unknown) => {
        this.#policy = "";
        this.#tellMissing(reasonOf(error));
      });
    }
    await this.#applied;
  }

  async #apply(askers: readonly Asker[]): Promise<void> {
    const permitted = new Map(askers.map(({ name, outside }) => [name, new Set(outside)]));
    await this.#outsideNames().permit((asker, name) => permitted.get(asker)?.has(name) ?? false);
    this.#resolver ??= this.#start(askers);
    await (await this.#resolver).setPolicy(askers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
    const resolver = await this.#resolver?.catch(() => undefined);
    this.#resolver = undefined;
    await resolver?.close();
  }

  async #end(): Promise<void> {
    const engine = this.#engine();
    await this[Symbol.asyncDispose]();
    this.#told.clear();
    this.#outside = undefined;
    this.#policy = "";
    removeResolverNetwork(engine);
    await removeProgramView(engine);
  }

  async #start(policy: readonly Asker[]): Promise<Resolver> {
    const engine = this.#engine();
    const { uidBase, interfaces } = resolverIdentity(engine.dock);
    try {
      ensureResolverNetwork(engine);
      const resolver = await engine.host.resolver({
        programRoot: await ensureProgramView(engine),
        namespacePin: resolverPin(engine),
        uid: uidBase + 1,
        gid: uidBase + 1,
        addresses: interfaces.flatMap(({ address, address6 }) => [address, address6]),
        policy,
        ask: (asker, name) => this.#outsideNames().ask(asker, name),
        onRefused: (report) => this.#tell(report),
        onEnd: (reason) => this.#tellMissing(reason),
      });
      this.#sweeping ??= setInterval(() => void this.#outside?.sweep().catch(() => undefined), sweepEveryMs).unref();
      return resolver;
    } catch (error) {
      // The next `ensure` tries again.
      this.#resolver = undefined;
      throw error;
    }
  }

  #outsideNames(): OutsideNames {
    const engine = this.#engine();
    this.#outside ??= new OutsideNames({
      resolve: engine.host.resolveNameTtl,
      now: engine.host.monotonic,
      isAllowed: (address) => createAddressFilter([...networksOfDock(engine.dock), ...allRanges(engine).flatMap(prefixesOf)])(address),
      onHeld: async (asker, name, held) => this.#hold(asker as Name, name, [...new Set(held.map(({ address }) => address))]),
      onRebinding: (asker, name, addresses) => engine.events.emit(describeRebinding(asker, name, addresses)),
    });
    return this.#outside;
  }

  async #hold(isc: Name, name: string, addresses: readonly string[]): Promise<void> {
    const engine = this.#engine();
    const told = this.#told.get(isc) ?? new Map<string, readonly string[]>();
    if (addresses.length === 0) told.delete(name);
    else told.set(name, addresses);
    this.#told.set(isc, told);
    await refreshTrafficOf(engine, isc);
  }

  #tell({ refused, further }: RefusalReport): void {
    const { events } = this.#engine();
    for (const one of refused) events.emit(describeRefusedName(one));
    for (const { asker, count } of further) events.emit(describeMoreRefused(asker, count));
  }

  #tellMissing(reason: string): void {
    this.#engine().events.emit({
      sensor: "dock",
      severity: "warning",
      kind: "dns.missing",
      message: `names cannot be asked for now, but those of the stack itself: ${reason}`,
      facts: { reason: reason.slice(0, 1_000) },
    });
  }
}

/** One for each ISC: also for those that do not run yet, so that none has to wait when it starts. */
function listAskers(engine: Engine): readonly Asker[] {
  return engine.iscs.list().flatMap((record): readonly Asker[] => {
    const stack = stackOf(engine, record);
    if (stack?.desired !== "up") return [];
    return [askerOf(engine, stack, record)];
  });
}

function askerOf({ dock }: Engine, stack: StackRecord, record: IscRecord): Asker {
  const member = record.stack?.member ?? record.name;
  const interfaces = instancesOf(record).flatMap((instance) => identityOf(dock, instance).interfaces);
  const known = namesFor(stack, member).flatMap(({ names, addresses }) => names.map((name) => [name, addresses] as const));
  return {
    name: record.name,
    sources: interfaces.flatMap(({ address, address6 }) => [address, address6]),
    inside: Object.fromEntries(known),
    outside: stack.flows.flatMap(({ from, to }) => (from === member && to.kind === "name" ? [to.host] : [])),
  };
}
