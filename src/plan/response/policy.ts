/** The policy that holds for an ISC: what its blueprint says, then what the dock's configuration says, then what always holds. Pure. */
import { type ContractRow, rowsOfChange } from "../../model/finding.ts";
import type { Budgets, ResponseDeclaration, ResponsePolicy, ResponseRule } from "../../model/respond.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** What a fresh start from the sealed image mends. Of other rows a person is told. */
const provesChange: readonly ContractRow[] = [...rowsOfChange, "kernel.masked", "scratch.encrypted"];

const usualLadder: Budgets = {
  restart: { times: 3, perMs: 10 * minuteMs },
  cleanse: { times: 10, perMs: hourMs },
  update: { times: 2, perMs: dayMs },
  rollback: { times: 1, perMs: hourMs },
  reset: { times: 1, perMs: hourMs },
  quarantine: { times: 1_000, perMs: dayMs },
  // Never by itself: somebody has to allow it.
  destroy: { times: 0, perMs: dayMs },
};

const usualRules: readonly ResponseRule[] = [{ event: "integrity.drift", rows: provesChange, times: 1, perMs: minuteMs, action: "reset" }];
const usualCooldownMs = 5_000;

/** Denies and reports first, resets on proof of change, quarantines on a repeat. A dock that only observes does so for all its ISCs. */
export function joinPolicies(dock: ResponseDeclaration, blueprint: ResponseDeclaration | undefined): ResponsePolicy {
  return {
    mode: dock.mode === "observe" ? "observe" : (blueprint?.mode ?? dock.mode ?? "enforce"),
    cooldownMs: blueprint?.cooldownMs ?? dock.cooldownMs ?? usualCooldownMs,
    ladder: { ...usualLadder, ...dock.ladder, ...blueprint?.ladder },
    rules: [...(blueprint?.rules ?? []), ...dock.rules, ...usualRules],
  };
}
