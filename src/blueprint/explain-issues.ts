/** What zod found wrong → sentences for an operator, one for each mistake. */
import type { z } from "zod";
import { closest } from "../base/edit-distance.ts";
import { type Fault, type Path, renderFound } from "./fault.ts";

type Issue = z.core.$ZodIssue;

// Looking for the word that was meant takes time, and nobody reads more; a hostile file may hold tens of thousands.
const mostExplained = 500;

export function explainIssues(schema: z.core.$ZodType, value: unknown, issues: readonly Issue[]): Fault[] {
  return issues.slice(0, mostExplained).flatMap((issue) => explainIssue(schema, value, issue, []));
}

function explainIssue(schema: z.core.$ZodType, value: unknown, issue: Issue, base: Path): Fault[] {
  const path = [...base, ...pathOf(issue)];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys
        .slice(0, mostExplained)
        .map((key) => ({ path: [...path, key], at: "key", sentence: unknownKey(key, keysAt(schema, path)) }));
    case "invalid_key":
      return [{ path, at: "key", sentence: found(path.at(-1), issue.issues[0]?.message) }];
    case "invalid_union":
      return explainUnion(schema, value, issue, path);
    case "invalid_value":
      return [explainValue(valueAt(value, path), issue, path)];
    default:
      return [{ path, at: "value", sentence: found(valueAt(value, path), issue.message, expectationOf(issue)) }];
  }
}

function pathOf(issue: Issue): Path {
  // Paths into plain values hold only text and numbers.
  return issue.path.map((part) => (typeof part === "number" ? part : String(part)));
}

/** The complaints of the one alternative that was meant, judged by the kind of what was found; else the expectation of them all. */
function explainUnion(schema: z.core.$ZodType, value: unknown, issue: z.core.$ZodIssueInvalidUnion, path: Path): Fault[] {
  const isOfAnotherKind = (issues: readonly Issue[]) =>
    issues.some((one) => one.path.length === 0 && /^invalid_(type|value)$/.test(one.code));
  const meant = issue.errors.filter((issues) => !isOfAnotherKind(issues));
  const only = meant.length === 1 ? meant[0] : undefined;
  if (only !== undefined) return only.flatMap((one) => explainIssue(schema, value, one, path));
  const words = issue.errors.flat().flatMap((one) => (one.code === "invalid_value" ? one.values.map(String) : []));
  const here = valueAt(value, path);
  return [{ path, at: "value", sentence: found(here, issue.message) + didYouMean(here, words, "; ") }];
}

function explainValue(here: unknown, issue: z.core.$ZodIssueInvalidValue, path: Path): Fault {
  const words = issue.values.map(String);
  return { path, at: "value", sentence: found(here, issue.message, `expected ${renderChoice(words)}`) + didYouMean(here, words, "; ") };
}

function found(here: unknown, message: string | undefined, otherwise = "expected something else"): string {
  const own = message !== undefined && /^(Invalid|Too|Unrecognized) /.test(message) ? undefined : message;
  if (own !== undefined && !own.startsWith("expected ")) return own;
  return `${here === undefined ? "missing" : `found ${renderFound(here)}`}, ${own ?? otherwise}`;
}

const kinds: Readonly<Record<string, string>> = {
  object: "expected a mapping",
  record: "expected a mapping",
  array: "expected a list",
  string: "expected text",
  number: "expected a number",
  boolean: "expected true or false",
};

function expectationOf(issue: Issue): string | undefined {
  return issue.code === "invalid_type" ? kinds[issue.expected] : undefined;
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = didYouMean(key, known, ", ");
  return `unknown key${near === "" && known.length > 0 ? `, expected ${renderChoice(known)}` : near}`;
}

/** Ends a sentence about a word that is none of the candidates. */
export function didYouMean(given: unknown, candidates: readonly string[], separator: string): string {
  // No key or word of ours is longer; measuring the distance of a very long one would take long.
  const near = typeof given === "string" && given.length <= 40 ? closest(given, candidates) : undefined;
  return near === undefined ? "" : `${separator}did you mean "${near}"?`;
}

/** "front, back or out" */
export function renderChoice(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((here, part) => (typeof here === "object" && here !== null ? Reflect.get(here, part) : undefined), value);
}

/** The keys that the mapping at a path may have. */
function keysAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  // zod's own union of every schema class, which its base class does not name.
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const [first, ...rest] = path;
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
      return keysAt(def.innerType, path);
    case "pipe":
      return keysAt(def.in, path);
    case "union":
      return def.options.flatMap((option) => keysAt(option, path));
    case "record":
      return first === undefined ? [] : keysAt(def.valueType, rest);
    case "array":
      return first === undefined ? [] : keysAt(def.element, rest);
    case "object": {
      if (first === undefined) return Object.keys(def.shape);
      const inner = def.shape[first];
      return inner === undefined ? [] : keysAt(inner, rest);
    }
    default:
      return [];
  }
}
