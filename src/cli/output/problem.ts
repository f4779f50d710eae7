/** A problem for people: the sentence, the machine's own words beneath, what to do, and the code to look up. */
import { isProblem, type Problem } from "../../base/problem.ts";
import { reasonOf } from "../../base/reason-of.ts";
import { type Palette, plainPalette } from "./palette.ts";
import { renderPrintable } from "./printable.ts";

/** Lines as in docs/reference/problems.md; a stack only for what nobody foresaw. */
export function renderProblem(error: unknown, palette: Palette = plainPalette): string {
  return isProblem(error) && error.code !== "BUG" ? renderForeseen(error, palette) : renderBug(error, palette);
}

function renderForeseen({ code, message, details, hint }: Problem, palette: Palette): string {
  const tag = palette.faint(`(${code})`);
  const head = `iscadm: ${palette.bad(renderPrintable(message))}`;
  const tail = hint === undefined ? [] : [`  hint: ${hint} ${tag}`];
  // The dock names a blueprint's first mistake in the sentence, and all of them in the details.
  const more = details.filter((line) => line !== message);
  const lines = [hint === undefined ? `${head} ${tag}` : head, ...more.map((line) => `  ${renderPrintable(line)}`), ...tail];
  return `${lines.join("\n")}\n`;
}

/** A dock's bug has its stack in the dock's log; ours is all that there is. */
function renderBug(error: unknown, palette: Palette): string {
  const message = reasonOf(error);
  const hint = isProblem(error) ? [`  hint: ${error.hint ?? "the stack is in the dock's log"} ${palette.faint("(BUG)")}`] : [];
  const stack = !isProblem(error) && error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  return `${[`iscadm: ${palette.bad(`this is a bug in iscadm: ${renderPrintable(message)}`)}`, ...hint, ...stack].join("\n")}\n`;
}
