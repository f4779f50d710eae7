/** What --json prints: one document, or one object a line for commands that tell how far they are. */
import type { ProblemJson } from "../../base/problem.ts";
import type { Progress } from "../../model/progress.ts";

export type JsonLine =
  | { readonly progress: Progress }
  | { readonly data: unknown }
  | { readonly result: unknown }
  | { readonly problem: ProblemJson };

/** Indented, since people look at it too; jq and JSON.parse do not mind. */
export function renderJsonDocument(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

export function renderJsonLine(line: JsonLine): string {
  return `${JSON.stringify(line)}\n`;
}
