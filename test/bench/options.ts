/** What `npm run bench -- ...` may be told. */
import path from "node:path";
import { parseArgs } from "node:util";

export const rowNames = [
  "start",
  "reset",
  "heal",
  "clone",
  "memory",
  "verify",
  "daily",
  "traffic",
  "audit",
  "rotation",
  "build",
  "ledger",
  "exec-gate",
  "flows",
  "neighbours",
  "stack",
] as const;
export type RowName = (typeof rowNames)[number];
export const rivalNames = ["crun", "podman", "docker"] as const;
export type RivalName = (typeof rivalNames)[number];

export interface BenchOptions {
  /** How often each time is taken, after one round to warm up. */
  readonly rounds: number;
  readonly only: readonly RowName[];
  /** Whom to race; fewer rivals give more rounds in the same time. */
  readonly against: readonly RivalName[];
  /** Where the results go as JSON too. */
  readonly jsonFile?: string;
  /** Fewer containers, clones and seconds: for trying the bench, not for judging by it. */
  readonly small: boolean;
  /** Folder of a build cache to use and keep; otherwise the run has one of its own. */
  readonly cache?: string;
}

export const usage = `usage: npm run bench -- [--rounds N] [--only ROW,...] [--against RIVAL,...] [--small] [--json FILE] [--cache FOLDER]
rows: ${rowNames.join(", ")}
rivals: ${rivalNames.join(", ")}`;

/** Throws Error with a sentence. */
export function parseBenchOptions(words: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      rounds: { type: "string" },
      only: { type: "string" },
      against: { type: "string" },
      json: { type: "string" },
      small: { type: "boolean" },
      cache: { type: "string" },
    },
  });
  const small = values.small ?? false;
  const rounds = Number(values.rounds ?? (small ? 3 : 9));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1_000) throw new Error(`--rounds ${values.rounds} is no number from 1 to 1000`);
  return {
    rounds,
    only: parseNames("only", values.only, rowNames),
    against: parseNames("against", values.against, rivalNames),
    small,
    ...(values.json === undefined ? {} : { jsonFile: values.json }),
    ...(values.cache === undefined ? {} : { cache: path.resolve(values.cache) }),
  };
}

/** All of them when none is named. */
function parseNames<N extends string>(option: string, words: string | undefined, names: readonly N[]): readonly N[] {
  if (words === undefined) return names;
  return words.split(",").map((word) => {
    const found = names.find((name) => name === word.trim());
    if (found === undefined) throw new Error(`--${option} ${word}: there is no such one, only ${names.join(", ")}`);
    return found;
  });
}
