/** Keeps our links passable where another firewall of the host refuses forwarded packets by default: ufw, firewalld, docker, plain iptables. */
import { planForeignFirewall, planForeignFirewallRemoval } from "../../render/nft-ruleset-foreign.ts";
import type { Engine } from "../engine.ts";

type Plan = ReturnType<typeof planForeignFirewall>;

/** Safe to repeat; changes nothing when nothing is to do. Throws NftError, CommandFailure. */
export async function ensureForeignPassage(engine: Engine): Promise<void> {
  await carryOut(engine, planForeignFirewall(engine.dock, listRuleset(engine)));
}

/** Takes every such rule out again. */
export async function removeForeignPassage(engine: Engine): Promise<void> {
  await carryOut(engine, planForeignFirewallRemoval(engine.dock, listRuleset(engine)));
}

function listRuleset(engine: Engine): unknown {
  return engine.host.kernel.nftables.runJson("list ruleset");
}

async function carryOut(engine: Engine, plan: Plan): Promise<void> {
  if (plan.commands !== "") engine.host.kernel.nftables.run(plan.commands);
  for (const words of plan.firewallCmd) await engine.host.run({ program: "/usr/bin/firewall-cmd", arguments: words });
}
