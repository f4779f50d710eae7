/** Names as arguments, checked before anything is asked. */
import { namePattern, nameRule, suggestName } from "../base/name-grammar.ts";
import { Problem } from "../base/problem.ts";
import type { Name } from "../model/name.ts";

/** Throws NAME_INVALID with the rule and a name near to what was typed. */
export function parseNameArgument(text: string): Name {
  if (namePattern.test(text)) return text as Name; // What the schema behind the brand checks, without loading it.
  const suggestion = suggestName(text);
  throw new Problem("NAME_INVALID", `cannot use the name ${JSON.stringify(text)}: names are ${nameRule}`, {
    hint: suggestion === undefined ? "for example: web" : `for example: ${suggestion}`,
  });
}

export function parseNameArguments(texts: readonly string[]): Name[] {
  return [...new Set(texts.map(parseNameArgument))];
}

export interface SnapshotArgument {
  readonly name: Name;
  readonly snapshot: Name;
}

/** NAME@SNAP. Throws USAGE or NAME_INVALID. */
export function parseSnapshotArgument(text: string): SnapshotArgument {
  const [name, snapshot, ...more] = text.split("@");
  if (name === undefined || snapshot === undefined || more.length > 0) {
    throw new Problem("USAGE", `cannot understand the snapshot ${JSON.stringify(text)}`, {
      hint: "a snapshot is written NAME@SNAPSHOT, for example web@before-upgrade",
    });
  }
  return { name: parseNameArgument(name), snapshot: parseNameArgument(snapshot) };
}
