/** A stack file's text → the model, or one Problem that names every mistake with its line and column. Pure: opens no file. */
import assert from "node:assert/strict";
import { posix } from "node:path";
import { Problem } from "../base/problem.ts";
import type { Stack } from "../model/stack.ts";
import { readForm } from "./read-form.ts";
import type { YamlBounds } from "./read-yaml.ts";
import { stackForm } from "./stack-form.ts";
import { findStackMistakes } from "./stack-mistakes.ts";
import { stackOf } from "./stack-model.ts";

export interface StackPlace {
  /** What complaints call the file: "shop.yaml". */
  readonly file: string;
  /** Absolute path of the folder that relative paths start from. */
  readonly directory: string;
}

/** A hundred members and two thousand flows take a quarter of it. */
const stackBounds: YamlBounds = {
  what: "stack",
  mostBytes: 1024 * 1024,
  usual: "a stack is a few pages, its long blueprints are files of their own",
};

/** @throws Problem STACK_INVALID, its message the first mistake and its details all of them */
export function parseStack(text: string, { file, directory }: StackPlace): Stack {
  assert(posix.isAbsolute(directory), "a stack's directory is absolute");
  const answer = readForm(stackForm, { text, file, bounds: stackBounds }, (form) => findStackMistakes(form, directory));
  if (answer.kind === "refused") {
    throw new Problem("STACK_INVALID", `cannot use ${answer.lines[0] ?? file}`, {
      hint: "docs/reference/stack.md explains every key",
      details: answer.lines,
    });
  }
  return stackOf(answer.data, directory);
}
