/** For tests: a stack file that is nowhere, and the mistakes that it is refused for. */
import assert from "node:assert/strict";
import { isProblem } from "../base/problem.ts";
import { parseStack } from "./parse-stack.ts";

export const place = { file: "shop.yaml", directory: "/srv/shop" };

/** None when the text is a stack. */
export function mistakesOf(text: string): readonly string[] {
  try {
    parseStack(text, place);
  } catch (error) {
    assert.ok(isProblem(error), String(error));
    assert.equal(error.code, "STACK_INVALID");
    assert.equal(error.message, `cannot use ${error.details[0]}`);
    return error.details;
  }
  return [];
}

/** The only mistake of a text, without file, line and column. */
export function mistakeOf(text: string): string {
  const mistakes = mistakesOf(text);
  assert.equal(mistakes.length, 1, `${text}\n${mistakes.join("\n") || "no mistake"}`);
  const [mistake = ""] = mistakes;
  assert.match(mistake, /^shop\.yaml:\d+:\d+: /);
  return mistake.replace(/^shop\.yaml:\d+:\d+: /, "");
}
