/** The steps of up, down and diff: what changes in a stack. */
import type { StackChangeAnswer, StackDiffAnswer } from "../../api/answers.ts";
import type { StackStep } from "../../model/stack-view.ts";
import type { Palette } from "./palette.ts";
import { renderPrintable } from "./printable.ts";
import { renderRows } from "./table.ts";
import { renderTook } from "./words.ts";

const changes = {
  add: { sign: "+", done: "added", paint: "good" },
  start: { sign: "+", done: "started", paint: "good" },
  change: { sign: "~", done: "changed", paint: "warning" },
  replace: { sign: "~", done: "replaced", paint: "warning" },
  stop: { sign: "-", done: "stopped", paint: "bad" },
  remove: { sign: "-", done: "removed", paint: "bad" },
} as const;

export function renderStackDiff({ stack, steps }: StackDiffAnswer, palette: Palette): string {
  if (steps.length === 0) return `${palette.strong(stack)} ${palette.good("is as the file says")}`;
  const counts = countChanges(steps).map(([change, count]) => `${count} to ${change}`);
  return `${renderSteps(steps, palette)}\n${palette.strong(stack)} would change: ${counts.join(", ")}`;
}

export function renderStackChange({ stack, status, steps, tookMs }: StackChangeAnswer, palette: Palette): string {
  const counts = countChanges(steps).map(([change, count]) => `${count} ${changes[change].done}`);
  const paint = status === "up" ? palette.good : palette.faint;
  const summary = `${palette.strong(stack)} ${paint(status)} in ${renderTook(tookMs)}: ${counts.join(", ") || "nothing to change"}`;
  return steps.length === 0 ? summary : `${renderSteps(steps, palette)}\n${summary}`;
}

function renderSteps(steps: readonly StackStep[], palette: Palette): string {
  const rows = steps.map(({ change, kind, what, detail }) => [
    palette[changes[change].paint](`${changes[change].sign} ${change}`),
    kind,
    palette.strong(renderPrintable(what)),
    renderPrintable(detail ?? ""),
  ]);
  return renderRows(["CHANGE", "KIND", "WHAT", "DETAIL"], rows, palette);
}

function countChanges(steps: readonly StackStep[]): (readonly [StackStep["change"], number])[] {
  const kinds = [...new Set(steps.map(({ change }) => change))];
  return kinds.map((kind) => [kind, steps.filter(({ change }) => change === kind).length]);
}
