/**
 * The routes of stacks' networks on the host: an address that nobody has is unreachable, so that no packet for one ever leaves by the
 * host's default route; and a network with an interface of its own as its way out has a table of routes that leads nowhere else.
 */
import { liesWithin, parsePrefix } from "../../base/ip-prefix.ts";
import { isAddressOfDock } from "../../model/identity.ts";
import type { NetworkRange, StackRecord } from "../../model/stack.ts";
import { prefixesOf, serviceRanges } from "../../model/stack-address.ts";
import { type IpRoute, listRoutes, listSourceRules, routeProtocol, runIpBatch } from "../../tools/ip.ts";
import type { Engine } from "../engine.ts";
import { allRanges } from "./membership.ts";
import { resolverIdentity } from "./resolver-network.ts";

/** Behind every route that somebody has to one of the addresses. */
const lastMetric = 0xffff_fff0;
/** Tables and rules of docks are numbered from here, by the first addresses of networks: far from what people choose by hand. */
const firstTable = 0x15c0_0000;
const firstDockTable = 0x15d0_0000;
/** Before the rule for the main table, whose priority is 32766. */
const rulePriority = 0x15c0;

/** Safe to repeat. Throws CommandFailure. */
export async function ensureRoutes(engine: Engine, stack: StackRecord): Promise<void> {
  const ranges = Object.values(stack.networks);
  await runIpBatch(
    engine.host,
    ranges.flatMap(unreachableRoutes).map((route) => `route replace ${route}`),
  );
  if (ranges.some(({ uplink }) => uplink?.kind === "interface")) await ensureUplinks(engine, ranges);
  await ensureDockWays(engine, stack);
}

/**
 * For flows from the dock: what the host itself sends to a service address must have a way, or it is refused before it is translated. By that
 * of the resolver, which every dock with a stack has; where it really goes the translation says. Packets of ISCs do not see it.
 */
async function ensureDockWays(engine: Engine, stack: StackRecord): Promise<void> {
  const members = stack.flows.flatMap(({ from, to }) => (from === "dock" && to.kind === "isc" ? (stack.members[to.isc] ?? []) : []));
  const names = new Set(members.flatMap(({ networks }) => networks));
  const { link, gateway } = resolverIdentity(engine.dock);
  for (const range of Object.values(stack.networks).filter(({ name }) => names.has(name))) {
    const table = tableOf(range, firstDockTable);
    const { services, services6 } = serviceRanges(range);
    await removeDockWay(engine, range);
    for (const [family, prefix, source] of [
      ["-4", services, ` src ${gateway}`],
      ["-6", services6, ""],
    ] as const) {
      const commands = [
        `route replace ${prefix} dev ${link} table ${table} proto ${routeProtocol}${source}`,
        `rule add iif lo to ${prefix} lookup ${table} priority ${rulePriority - 1}`,
      ];
      await runIpBatch(engine.host, commands, family);
    }
  }
}

async function removeDockWay(engine: Engine, range: NetworkRange): Promise<void> {
  const { services, services6 } = serviceRanges(range);
  for (const [family, prefix] of [
    ["-4", services],
    ["-6", services6],
  ] as const) {
    await runIpBatch(
      engine.host,
      [`rule del iif lo to ${prefix} priority ${rulePriority - 1}`, `route flush table ${tableOf(range, firstDockTable)}`],
      family,
    );
  }
}

/**
 * Takes away the routes and rules of networks that are no stack's any more. Safe to repeat. Throws CommandFailure.
 * @param staying networks that keep what they have in common with these
 */
export async function removeRoutes(engine: Engine, ranges: readonly NetworkRange[], staying: readonly NetworkRange[] = []): Promise<void> {
  const kept = new Set(staying.flatMap(unreachableRoutes));
  await runIpBatch(
    engine.host,
    ranges
      .flatMap(unreachableRoutes)
      .filter((route) => !kept.has(route))
      .map((route) => `route del ${route}`),
  );
  for (const range of ranges) {
    const same = staying.find(({ subnet, prefix6 }) => subnet === range.subnet && prefix6 === range.prefix6);
    if (range.uplink?.kind === "interface" && same?.uplink?.kind !== "interface") await removeUplink(engine, range);
    if (!same) await removeDockWay(engine, range);
  }
}

/** What a kill between two steps has left. Throws CommandFailure. */
export async function removeStrayRoutes(engine: Engine): Promise<void> {
  const wanted = new Set(allRanges(engine).flatMap(prefixesOf));
  const ours = (await listRoutes(engine.host)).filter(({ protocol, type }) => protocol === routeProtocol && type === "unreachable");
  const stray = ours.filter(({ dst }) => dst !== "default" && !wanted.has(dst) && isAddressOfDock(engine.dock, dst.split("/")[0] ?? ""));
  await runIpBatch(
    engine.host,
    stray.map(({ dst }) => `route del unreachable ${dst} proto ${routeProtocol}`),
  );
}

function unreachableRoutes(range: NetworkRange): readonly string[] {
  return prefixesOf(range).map((prefix) => `unreachable ${prefix} proto ${routeProtocol} metric ${lastMetric}`);
}

/**
 * What leaves from such a network takes the interface's own default route, or none: it never falls back to the host's. What is there already
 * is not taken away for a moment: in that moment packets would go the host's way.
 */
async function ensureUplinks(engine: Engine, ranges: readonly NetworkRange[]): Promise<void> {
  const routes = await listRoutes(engine.host);
  const rules = await listSourceRules(engine.host);
  for (const range of ranges) {
    if (range.uplink?.kind !== "interface") continue;
    const table = tableOf(range);
    for (const [family, prefix] of familiesOf(range)) {
      const own = defaultRoutes(routes, family, range.uplink.interface);
      // What the host has a route for nearby, such as other ISCs, stays as it is (suppress_prefixlength).
      const wanted = [
        [
          `${rulePriority} from ${prefix} lookup 254`,
          `rule add from ${prefix} lookup main suppress_prefixlength 0 priority ${rulePriority}`,
        ],
        [`${rulePriority + 1} from ${prefix} lookup ${table}`, `rule add from ${prefix} lookup ${table} priority ${rulePriority + 1}`],
      ] as const;
      await runIpBatch(
        engine.host,
        [
          `route replace unreachable default table ${table} proto ${routeProtocol} metric ${lastMetric}`,
          ...own.map((route) => `route replace ${route} table ${table} proto ${routeProtocol}`),
          ...wanted.filter(([rule]) => !rules.includes(rule)).map(([, command]) => command),
        ],
        family,
      );
      if (own.length === 0) await runIpBatch(engine.host, [`route flush table ${table} type unicast`], family);
    }
  }
}

function defaultRoutes(routes: readonly IpRoute[], family: "-4" | "-6", link: string): readonly string[] {
  const own = routes.filter(({ dst, dev, gateway, table }) => {
    const isFamily = (gateway ?? "").includes(":") === (family === "-6");
    return dst === "default" && dev === link && (table === undefined || table === "254") && isFamily;
  });
  return own.slice(0, 1).map(({ gateway }) => `default ${gateway === undefined ? "" : `via ${gateway} `}dev ${link}`);
}

async function removeUplink(engine: Engine, range: NetworkRange): Promise<void> {
  for (const [family, prefix] of familiesOf(range)) {
    const commands = [
      `rule del from ${prefix} priority ${rulePriority}`,
      `rule del from ${prefix} priority ${rulePriority + 1}`,
      `route flush table ${tableOf(range)}`,
    ];
    await runIpBatch(engine.host, commands, family);
  }
}

function familiesOf(range: NetworkRange): readonly (readonly ["-4" | "-6", string])[] {
  const [subnet, subnet6] = prefixesOf(range);
  return [
    ["-4", subnet],
    ["-6", subnet6],
  ];
}

function tableOf({ subnet }: NetworkRange, first = firstTable): number {
  return first + Number(((parsePrefix(subnet)?.base ?? 0n) >> 4n) & 0xf_ffffn);
}

/** Ranges of this host that are not this dock's, as its routes have them: whatever an address there means, it means already. */
export async function listHostRanges(engine: Engine): Promise<readonly { readonly prefix: string; readonly who: string }[]> {
  const own = allRanges(engine).flatMap(prefixesOf);
  const isOwn = (dst: string) => own.some((prefix) => liesWithin(dst, prefix));
  return (await listRoutes(engine.host)).flatMap(({ dst, dev, protocol }) => {
    if (dst === "default" || protocol === routeProtocol || isOwn(dst) || isAddressOfDock(engine.dock, dst.split("/")[0] ?? "")) return [];
    if (dev === "lo" || /^(?:ff|fe80|127\.)/.test(dst)) return [];
    return [{ prefix: dst, who: `a route of this host${dev === undefined ? "" : ` by ${dev}`}` }];
  });
}
