/** What `npm run bench -- ...` may be told. */
import path from "node:path";
import { parseArgs } from "node:util";

export const rowNames = ["start", "reset", "clone", "memory", "verify", "daily", "traffic", "build"] as const;
export type RowName = (typeof rowNames)[number];

export interface BenchOptions {
  /** How often each time is taken, after one round to warm up. */
  readonly rounds: number;
  readonly only: readonly RowName[];
  /** Where the results go as JSON too. */
  readonly jsonFile?: string;
  /** Fewer containers, clones and seconds: for trying the bench, not for judging by it. */
  readonly small: boolean;
  /** Folder of a build cache to use and keep; otherwise the run has one of its own. */
  readonly cache?: string;
}

export const usage = `usage: npm run bench -- [--rounds N] [--only ROW,...] [--small] [--json FILE] [--cache FOLDER]
rows: ${rowNames.join(", ")}`;

/** Throws Error with a sentence. */
export function parseBenchOptions(words: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      rounds: { type: "string" },
      only: { type: "string" },
      json: { type: "string" },
      small: { type: "boolean" },
      cache: { type: "string" },
    },
  });
  const small = values.small ?? false;
  const rounds = Number(values.rounds ?? (small ? 3 : 9));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1_000) throw new Error(`--rounds ${values.rounds} is no number from 1 to 1000`);
  const only = values.only === undefined ? rowNames : values.only.split(",").map(parseRowName);
  return {
    rounds,
    only,
    small,
    ...(values.json === undefined ? {} : { jsonFile: values.json }),
    ...(values.cache === undefined ? {} : { cache: path.resolve(values.cache) }),
  };
}

function parseRowName(word: string): RowName {
  const found = rowNames.find((name) => name === word.trim());
  if (!found) throw new Error(`--only ${word}: no such row; there are ${rowNames.join(", ")}`);
  return found;
}
