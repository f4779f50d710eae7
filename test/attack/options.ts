/** What `npm run attack -- …` may be told. */
import path from "node:path";
import { parseArgs } from "node:util";
import { families } from "./technique.ts";

export const rivals = ["podman", "docker"] as const;
export type Rival = (typeof rivals)[number];

export interface AttackOptions {
  /** Ids of techniques, or families; all when empty. */
  readonly only: readonly string[];
  readonly against: readonly Rival[];
  readonly jsonFile?: string;
  /** Folder of a build cache to use and keep. */
  readonly cache?: string;
  /** Minutes of ten ISCs under attack and load, instead of the table. */
  readonly soakMinutes?: number;
}

export const usage = `usage: npm run attack -- [--only ID|FAMILY,...] [--against ENGINE,...|none] [--json FILE] [--cache FOLDER] [--soak MINUTES]
families: ${families.join(", ")}
engines: ${rivals.join(", ")}`;

/** Throws Error with a sentence. */
export function parseAttackOptions(words: readonly string[], ids: readonly string[]): AttackOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...words], options: { only: text, against: text, json: text, cache: text, soak: text } });
  const known = [...families, ...ids];
  const only = listOf(values.only);
  const unknown = only.find((word) => !known.includes(word));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: there is no such technique or family`);
  const soak = values.soak === undefined ? undefined : Number(values.soak);
  if (soak !== undefined && !(soak > 0 && soak <= 1_440))
    throw new Error(`--soak ${values.soak}: it takes minutes, more than 0 and at most 1440`);
  return {
    only,
    against: values.against === undefined ? rivals : values.against === "none" ? [] : listOf(values.against).map(parseRival),
    ...(values.json !== undefined && { jsonFile: values.json }),
    ...(values.cache !== undefined && { cache: path.resolve(values.cache) }),
    ...(soak !== undefined && { soakMinutes: soak }),
  };
}

function parseRival(word: string): Rival {
  const found = rivals.find((rival) => rival === word);
  if (!found) throw new Error(`--against ${word}: there is no such engine, only ${rivals.join(", ")} and none`);
  return found;
}

function listOf(words: string | undefined): readonly string[] {
  return (words ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
