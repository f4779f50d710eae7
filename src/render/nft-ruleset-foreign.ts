/**
 * Getting along with other firewalls of the host. Our table's "accept" does not overrule another table's "drop": each base chain of a hook
 * has its own say (nft(8), "accept"). So a foreign forward chain that refuses by default needs a rule which leaves our links to our table.
 * The rule goes to the end of it, right before the refusal: whatever the operator refuses explicitly further up stays refused.
 */
import { type DockIdentity, linkPrefix, tableName } from "../model/identity.ts";
import { asRecord, asRecords, listObjects } from "./nft-ruleset-listing.ts";

export interface ForeignFirewallPlan {
  /** nft commands, one transaction; empty when nothing is to do. */
  readonly commands: string;
  /** Arguments for firewall-cmd. firewalld rebuilds its chains at every reload, so that rules put there by others are lost. */
  readonly firewallCmd: readonly (readonly string[])[];
}

/** @param listing `nft -j list ruleset`. Chains of iptables-legacy are not in it. */
export function planForeignFirewall(dock: DockIdentity, listing: unknown): ForeignFirewallPlan {
  const ruleset = parseRuleset(listing);
  const refusing = ruleset.chains.filter((chain) => isForeignForward(chain) && isRefusing(ruleset, chain));
  const lines = refusing.filter(({ table }) => table !== firewalldTable).flatMap((chain) => planChain(dock, ruleset, chain));
  return {
    commands: lines.map((line) => `${line}\n`).join(""),
    firewallCmd: refusing.some(({ table }) => table === firewalldTable && !isKnownToFirewalld(dock, ruleset))
      ? [["--zone=trusted", `--change-interface=${linkPrefix(dock)}+`]]
      : [],
  };
}

/** Takes every rule that `planForeignFirewall` ever made out again. */
export function planForeignFirewallRemoval(dock: DockIdentity, listing: unknown): ForeignFirewallPlan {
  const ruleset = parseRuleset(listing);
  const ours = ruleset.rules.filter(({ comment }) => comment === commentOf(dock));
  return {
    commands: ours.map((rule) => `${renderDelete(rule)}\n`).join(""),
    firewallCmd: isKnownToFirewalld(dock, ruleset) ? [["--zone=trusted", `--remove-interface=${linkPrefix(dock)}+`]] : [],
  };
}

/** The rules which a foreign forward chain needs: in our own table both directions are judged, whatever is said here. */
function renderForeignForwardRules(dock: DockIdentity): readonly string[] {
  return ["iifname", "oifname"].map((side) => `${side} "${linkPrefix(dock)}*" counter accept comment "${commentOf(dock)}"`);
}

function isKnownToFirewalld(dock: DockIdentity, { rules }: Ruleset): boolean {
  const links = JSON.stringify(`${linkPrefix(dock)}*`);
  return rules.some(({ table, expressions }) => table === firewalldTable && JSON.stringify(expressions).includes(links));
}

const firewalldTable = "firewalld";
const ownTables = /^isc_[0-9a-f]{4}$/;

interface Place {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
}

interface Chain extends Place {
  readonly hook: unknown;
  readonly policy: unknown;
}

interface Rule extends Place {
  readonly handle: number;
  readonly comment: unknown;
  readonly expressions: readonly Readonly<Record<string, unknown>>[];
}

interface Ruleset {
  readonly chains: readonly Chain[];
  readonly rules: readonly Rule[];
}

function commentOf(dock: DockIdentity): string {
  return `iscadm ${tableName(dock)}`;
}

function isForeignForward({ family, table, hook }: Chain): boolean {
  return hook === "forward" && ["ip", "ip6", "inet"].includes(family) && !ownTables.test(table);
}

function isRefusing(ruleset: Ruleset, chain: Chain): boolean {
  return chain.policy === "drop" || findRefusal(ruleset, chain) !== undefined;
}

function planChain(dock: DockIdentity, ruleset: Ruleset, chain: Chain): readonly string[] {
  const rules = rulesOf(ruleset, chain);
  const refusal = findRefusal(ruleset, chain);
  const ours = rules.filter(({ comment }) => comment === commentOf(dock));
  const wanted = renderForeignForwardRules(dock);
  const isInPlace = ours.every((rule) => refusal === undefined || rules.indexOf(rule) < rules.indexOf(refusal));
  if (ours.length === wanted.length && isInPlace) return [];
  const place = `${chain.family} ${chain.table} ${chain.chain}`;
  return [
    ...ours.map(renderDelete),
    ...wanted.map((rule) => (refusal ? `insert rule ${place} handle ${refusal.handle} ${rule}` : `add rule ${place} ${rule}`)),
  ];
}

function renderDelete({ family, table, chain, handle }: Rule): string {
  return `delete rule ${family} ${table} ${chain} handle ${handle}`;
}

/** The first rule of a chain which refuses everything that comes to it, itself or through the chain it jumps to. */
function findRefusal(ruleset: Ruleset, place: Place, depth = 0): Rule | undefined {
  // The kernel's own limit of nested jumps (NFT_JUMP_STACK_SIZE).
  if (depth > 16) return undefined;
  return rulesOf(ruleset, place).find((rule) => {
    if (!rule.expressions.every(isUnconditional)) return false;
    return rule.expressions.some((expression) => {
      if (isRefusal(expression)) return true;
      const target = asRecord(expression.jump ?? expression.goto)?.target;
      return typeof target === "string" && findRefusal(ruleset, { ...place, chain: target }, depth + 1) !== undefined;
    });
  });
}

function rulesOf(ruleset: Ruleset, { family, table, chain }: Place): readonly Rule[] {
  return ruleset.rules.filter((rule) => rule.family === family && rule.table === table && rule.chain === chain);
}

function isUnconditional(expression: Readonly<Record<string, unknown>>): boolean {
  return ["counter", "log", "jump", "goto"].some((key) => key in expression) || isRefusal(expression);
}

/** iptables-nft keeps REJECT as a target of its own. */
function isRefusal(expression: Readonly<Record<string, unknown>>): boolean {
  return "drop" in expression || "reject" in expression || asRecord(expression.xt)?.name === "REJECT";
}

function parseRuleset(listing: unknown): Ruleset {
  const objects = listObjects(listing);
  return {
    chains: objects.flatMap((object) => {
      const chain = asRecord(object.chain);
      if (!chain) return [];
      return [{ ...parsePlace(chain, chain.name), hook: chain.hook, policy: chain.policy }];
    }),
    rules: objects.flatMap((object) => {
      const rule = asRecord(object.rule);
      if (!rule) return [];
      return [{ ...parsePlace(rule, rule.chain), handle: Number(rule.handle), comment: rule.comment, expressions: asRecords(rule.expr) }];
    }),
  };
}

function parsePlace(object: Readonly<Record<string, unknown>>, chain: unknown): Place {
  return { family: String(object.family), table: String(object.table), chain: String(chain) };
}
