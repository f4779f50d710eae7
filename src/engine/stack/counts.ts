/** What the firewall has counted of a stack's flows and exposures: one listing of the kernel's table serves all. */
import { type IscRecord, identityOf } from "../../model/isc.ts";
import type { Exposure } from "../../model/network.ts";
import type { Flow, StackRecord } from "../../model/stack.ts";
import { reachableBy, wayOut } from "../../model/stack-flows.ts";
import { classOf } from "../../render/nft-ruleset-elements.ts";
import { parseElementCounts } from "../../render/nft-ruleset-listing.ts";
import type { Engine } from "../engine.ts";

/** Of one flow. */
export interface FlowCounts {
  readonly begun: number;
  readonly limited: number;
}

export class StackCounts {
  readonly #listing: unknown;
  readonly #sets = new Map<string, ReadonlyMap<string, number>>();

  /** @param listing `nft -j list table`; undefined where the table is gone: then everything is 0 */
  constructor(listing: unknown) {
    this.#listing = listing;
  }

  /** From the dock: with its own health checks, where these use the same port. */
  ofDockFlow({ dock }: Pick<Engine, "dock">, { port, protocol }: Flow, to: readonly IscRecord[]): FlowCounts {
    const interfaces = to.flatMap((record) => identityOf(dock, record).interfaces);
    const keys = interfaces.flatMap(({ address, address6 }) => [address, address6].map((own) => [own, protocol, String(port)]));
    return { begun: keys.reduce((sum, key) => sum + this.#count(["hosted"], key), 0), limited: 0 };
  }

  ofFlow(
    { dock }: Pick<Engine, "dock">,
    stack: StackRecord,
    { flow, from }: { readonly flow: Flow; readonly from: readonly IscRecord[] },
  ): FlowCounts {
    const keys = from.flatMap((record) => {
      const { interfaces } = identityOf(dock, record);
      return targetsOf(stack, flow).flatMap(({ network, addresses }) => {
        const own = interfaces.find((one) => one.network === network);
        return own ? addresses.map((address) => ({ own: address.includes(":") ? own.address6 : own.address, address })) : [];
      });
    });
    const begun = keys.reduce(
      (sum, { own, address }) => sum + this.#count(["connect", "ranges"], [own, address, flow.protocol, String(flow.port)]),
      0,
    );
    const links = from.flatMap((record) => identityOf(dock, record).interfaces.map(({ link }) => link));
    const number = classOf(stack.flows.indexOf(flow) + 1);
    const limited = links.reduce((sum, link) => sum + (this.#set("over").get(`${link} . ${number}`) ?? 0), 0);
    return { begun, limited };
  }

  ofExposure({ address, protocol, hostPort }: Exposure): number {
    const isAnywhere = address === undefined;
    const key = [...(isAnywhere ? [] : [address]), protocol, String(hostPort)].join(" . ");
    return [4, 6].reduce((total, suffix) => {
      const one = this.#set(`${isAnywhere ? "expose" : "expose_at"}${suffix}`).get(key) ?? 0;
      const spread = this.#set(`${isAnywhere ? "expose_balance" : "expose_at_balance"}${suffix}`);
      return total + one + [...spread].reduce((sum, [bucket, count]) => (bucket.startsWith(`${key} . `) ? sum + count : sum), 0);
    }, 0);
  }

  #count(sets: readonly string[], key: readonly string[]): number {
    const suffix = key[0]?.includes(":") ? 6 : 4;
    return sets.reduce((sum, set) => sum + (this.#set(`${set}${suffix}`).get(key.join(" . ")) ?? 0), 0);
  }

  #set(name: string): ReadonlyMap<string, number> {
    const known = this.#sets.get(name) ?? parseElementCounts(this.#listing, name);
    this.#sets.set(name, known);
    return known;
  }
}

function targetsOf(
  stack: StackRecord,
  flow: Flow,
): readonly { readonly network: string | undefined; readonly addresses: readonly string[] }[] {
  const { to, from } = flow;
  if (to.kind === "isc") return reachableBy(stack, flow).map(({ range, addresses }) => ({ network: range.name, addresses }));
  const member = from === "dock" ? undefined : stack.members[from];
  if (to.kind !== "address" || !member) return [];
  return [{ network: wayOut(stack, member)?.name, addresses: [to.address] }];
}
