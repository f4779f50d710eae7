/** One mistake in a blueprint: where it is, what was found, what was expected. */

export type Path = readonly (string | number)[];

export interface Fault {
  readonly path: Path;
  /** Whether to point at the key or at its value. */
  readonly at: "key" | "value";
  readonly sentence: string;
}

/** A path as an operator would write it: keys with dots and slashes in them are quoted. */
export function renderPath(path: Path): string {
  return path.map((part) => (/^[\w-]+$/.test(String(part)) ? String(part) : JSON.stringify(part))).join(".");
}

const longestFound = 60;

/** What stands in the file, short enough for a sentence. */
export function renderFound(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > longestFound ? `${value.slice(0, longestFound)}…` : value);
}
