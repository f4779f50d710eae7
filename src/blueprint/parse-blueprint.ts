/** A blueprint's text → the model, or one Problem that names every mistake with its line and column. Pure: opens no file. */
import assert from "node:assert/strict";
import { posix } from "node:path";
import { Problem } from "../base/problem.ts";
import type { Blueprint } from "../model/blueprint.ts";
import { blueprintForm } from "./blueprint-form.ts";
import { blueprintOf, findContradictions } from "./blueprint-model.ts";
import { explainIssues } from "./explain-issues.ts";
import { type Fault, renderPath } from "./fault.ts";
import { readYaml, type YamlText } from "./read-yaml.ts";

export interface BlueprintPlace {
  /** What complaints call the file: "web.yaml". */
  readonly file: string;
  /** Absolute path of the folder that relative paths start from. */
  readonly directory: string;
}

const mostShown = 50;

/** @throws Problem BLUEPRINT_INVALID, its message the first mistake and its details all of them */
export function parseBlueprint(text: string, { file, directory }: BlueprintPlace): Blueprint {
  assert(posix.isAbsolute(directory), "a blueprint's directory is absolute");
  const yaml = readYaml(text);
  if (yaml.broken.length > 0) throw invalid(yaml.broken.map(({ offset, sentence }) => `${file}:${yaml.renderPlace(offset)}: ${sentence}`));
  const parsed = blueprintForm.safeParse(yaml.value);
  const faults = [...yaml.faults, ...withoutEchoes(yaml.faults, explainIssues(blueprintForm, yaml.value, parsed.error?.issues ?? []))];
  if (parsed.success) faults.push(...findContradictions(parsed.data, directory));
  if (!parsed.success || faults.length > 0) throw invalid(renderFaults(faults, yaml, file));
  return blueprintOf(parsed.data, directory);
}

/** What could not be read is also not as expected; saying so twice helps nobody. */
function withoutEchoes(unread: readonly Fault[], faults: readonly Fault[]): readonly Fault[] {
  const places = new Set(unread.map(({ path }) => JSON.stringify(path)));
  const isEcho = ({ path }: Fault) => [...path.keys(), path.length].some((length) => places.has(JSON.stringify(path.slice(0, length))));
  return places.size === 0 ? faults : faults.filter((fault) => !isEcho(fault));
}

function renderFaults(faults: readonly Fault[], yaml: YamlText, file: string): string[] {
  const placed = faults
    .map((fault) => ({ ...fault, offset: yaml.offsetOf(fault.path, fault.at) }))
    .sort((one, other) => one.offset - other.offset);
  return placed.map(({ offset, path, sentence }) =>
    [`${file}:${yaml.renderPlace(offset)}`, ...(path.length === 0 ? [] : [renderPath(path)]), sentence].join(": "),
  );
}

function invalid(lines: readonly string[]): Problem {
  const shown = lines.length > mostShown ? [...lines.slice(0, mostShown), "and more"] : lines;
  return new Problem("BLUEPRINT_INVALID", lines[0] ?? "the blueprint cannot be read", {
    hint: "docs/reference/blueprint.md explains every key",
    details: shown,
  });
}
