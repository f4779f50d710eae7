/** Whether the kernel's table is other than the dock has made it: gone, other rules, or other elements. */
import { identifyElement } from "../../render/nft-ruleset-elements.ts";
import type { Engine } from "../engine.ts";
import { type FirewallView, groupRules, viewFirewall } from "./firewall-facts.ts";
import { listReferenceTable } from "./firewall-reference.ts";

/** Once for each life of the dock: the rules it renders do not change. */
export function learnReference(engine: Engine): ReadonlyMap<string, string> {
  engine.verifyMemory.firewallReference ??= groupRules(listReferenceTable(engine));
  return engine.verifyMemory.firewallReference;
}

/** Undefined when its rules are as this dock loads them, whatever elements they have. Throws KernelError, NftError. */
export function findChangedRules(engine: Engine): "gone" | "changed" | undefined {
  const { parts } = view(engine);
  if (parts.length === 0) return undefined;
  return parts.every(({ change }) => change === "missing") ? "gone" : "changed";
}

/** In rules or elements. Throws KernelError, NftError. */
export function differsFromWanted(engine: Engine): boolean {
  const { parts, present } = view(engine);
  const wanted = new Set(engine.firewall.elements.map(identifyElement));
  return parts.length > 0 || present.symmetricDifference(wanted).size > 0;
}

function view(engine: Engine): FirewallView {
  return viewFirewall(engine, learnReference(engine));
}
