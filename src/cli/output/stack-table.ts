/** The table of `stacks`. */
import type { StackView } from "../../model/stack-view.ts";
import type { Palette } from "./palette.ts";
import { countConditions } from "./stack-words.ts";
import { renderRows } from "./table.ts";
import { renderExposure } from "./words.ts";

export function renderStacks(stacks: readonly StackView[], palette: Palette): string {
  if (stacks.length === 0) return "no stack yet: iscadm up FILE makes one";
  const rows = stacks.map((stack) => [
    palette.strong(stack.name),
    renderDesired(stack, palette),
    `${stack.iscs.filter(({ status }) => status === "running").length}/${stack.iscs.length}`,
    stack.networks.map(({ name }) => name).join(", "),
    stack.exposures.map(renderExposure).join(", "),
  ]);
  return renderRows(["NAME", "STATUS", ">ISCS", "NETWORKS", "EXPOSED"], rows, palette);
}

function renderDesired(stack: StackView, palette: Palette): string {
  const word = stack.desired === "up" ? palette.good("up") : palette.faint(stack.desired === "down" ? "down" : "being removed");
  return [word, ...countConditions(stack, ["ill", "failed", "quarantined"]).map(palette.bad)].join(", ");
}
