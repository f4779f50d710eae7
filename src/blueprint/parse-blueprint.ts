/** A blueprint's text → the model, or one Problem that names every mistake with its line and column. Pure: opens no file. */
import assert from "node:assert/strict";
import { posix } from "node:path";
import { Problem } from "../base/problem.ts";
import type { Blueprint } from "../model/blueprint.ts";
import { blueprintForm } from "./blueprint-form.ts";
import { blueprintOf, findContradictions } from "./blueprint-model.ts";
import { readForm } from "./read-form.ts";

export interface BlueprintPlace {
  /** What complaints call the file: "web.yaml". */
  readonly file: string;
  /** Absolute path of the folder that relative paths start from. */
  readonly directory: string;
}

/** @throws Problem BLUEPRINT_INVALID, its message the first mistake and its details all of them */
export function parseBlueprint(text: string, { file, directory }: BlueprintPlace): Blueprint {
  assert(posix.isAbsolute(directory), "a blueprint's directory is absolute");
  const answer = readForm(blueprintForm, { text, file }, (form) => findContradictions(form, directory));
  if (answer.kind === "refused") throw invalid(answer.lines);
  return blueprintOf(answer.data, directory);
}

function invalid(lines: readonly string[]): Problem {
  return new Problem("BLUEPRINT_INVALID", lines[0] ?? "the blueprint cannot be read", {
    hint: "docs/reference/blueprint.md explains every key",
    details: lines,
  });
}
