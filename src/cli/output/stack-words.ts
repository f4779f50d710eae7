/** How parts of a stack are named in tables and pictures. */
import type { Uplink } from "../../model/stack.ts";
import type { FlowView, StackIscView, StackView } from "../../model/stack-view.ts";
import { renderCount } from "./words.ts";

export type Condition = "well" | "ill" | Exclude<StackIscView["status"], "running">;

/** One word for status and health. */
export function conditionOf({ status, well }: Pick<StackIscView, "status" | "well">): Condition {
  if (status !== "running") return status;
  return well === false ? "ill" : "well";
}

/** "up, 9 of 10 ISCs run, 1 ill" */
export function renderStackState(stack: StackView): string {
  const running = stack.iscs.filter(({ status }) => status === "running").length;
  const word = stack.desired === "removed" ? "being removed" : stack.desired;
  return [word, `${running} of ${renderCount(stack.iscs.length, "ISC")} run`, ...countConditions(stack, ["ill", "quarantined"])].join(", ");
}

/** "1 ill", "2 quarantined": of each that there is. */
export function countConditions({ iscs }: StackView, conditions: readonly Condition[]): string[] {
  return conditions.flatMap((condition) => {
    const count = iscs.filter((isc) => conditionOf(isc) === condition).length;
    return count === 0 ? [] : [`${count} ${condition}`];
  });
}

export function renderFlowTarget({ to }: Pick<FlowView, "to">): string {
  if (to.kind === "isc") return to.isc;
  return to.kind === "name" ? to.host : to.address;
}

export function renderUplink(uplink: Uplink | undefined): string {
  if (uplink === undefined) return "none";
  if (uplink.kind === "any") return "any";
  return uplink.kind === "address" ? uplink.address : uplink.interface;
}

/** "1,204" */
export function renderNumber(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1,204", "88 (3 refused)" */
export function renderBegun({ begun, limited = 0 }: { readonly begun: number; readonly limited?: number }): string {
  return `${renderNumber(begun)}${limited === 0 ? "" : ` (${renderNumber(limited)} refused)`}`;
}
