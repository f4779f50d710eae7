/** What would have been done about events of the past. */
import type { Event } from "../../model/event.ts";
import type { Rehearsal, ResponseDeclaration } from "../../model/respond.ts";
import { joinPolicies } from "../../plan/response/policy.ts";
import { simulateResponses } from "../../plan/response/simulate.ts";

/** @param events of one ISC, oldest first */
export function rehearse(dock: ResponseDeclaration, blueprint: ResponseDeclaration | undefined, events: readonly Event[]): Rehearsal {
  const policy = joinPolicies(dock, blueprint);
  const steps = simulateResponses(policy, events).map(({ event, atMs, decision }) => ({
    time: new Date(atMs).toISOString(),
    seq: event.seq,
    kind: event.kind,
    action: decision.kind === "act" ? decision.action : decision.kind,
    reason: decision.reason,
  }));
  return { mode: policy.mode, steps };
}
