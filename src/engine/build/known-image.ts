/**
 * Images by what they were made of: one that would be made of the very same again need not be planned, packed and signed again. It is
 * read as a whole all the same, since only one that is still what was sealed may stand for a new one.
 */
import { createHash } from "node:crypto";
import type { Digest } from "../../model/digest.ts";
import type { Manifest } from "../../model/image.ts";
import type { ProgramKnowledge } from "../../model/program-knowledge.ts";
import { ImageStore } from "../../store/image-store.ts";
import { isWhole } from "../seal/keep-image.ts";
import type { BuildContext } from "./build-context.ts";
import type { RootLayers } from "./root-source.ts";

/** Goes up when the same layers, files and blueprint no longer make the same image. */
const format = 1;

export interface Ingredients {
  readonly blueprintText: string;
  readonly knowledge: readonly ProgramKnowledge[];
  readonly layers: RootLayers;
  /** The tree of what the blueprint's files and removals have changed. */
  readonly changes: string;
}

/** Equal for equal ingredients only. */
export async function recipeOf(
  { blueprint, readTree }: BuildContext,
  { blueprintText, knowledge, layers, changes }: Ingredients,
): Promise<string> {
  const { key, lower, config, packages } = layers;
  // Layers that are kept have their key in their place's name; others are whatever is in them.
  const contents = await Promise.all((key === undefined ? [...lower, changes] : [changes]).map((tree) => readTree(tree, { hash: true })));
  const places = key === undefined ? [] : lower;
  const text = JSON.stringify([format, blueprint, blueprintText, knowledge, config, packages, places, contents]);
  return createHash("sha256").update(text).digest("hex");
}

export interface KnownImage {
  readonly manifest: Manifest;
  /** What planning its services had to say. */
  readonly notes: readonly string[];
}

interface Recipe {
  readonly recipe: string;
  readonly notes: readonly string[];
}

export async function findKnownImage({ host, layout, noCache }: BuildContext, recipe: string): Promise<KnownImage | undefined> {
  if (noCache) return undefined;
  const store = new ImageStore(layout);
  for (const { manifest } of await store.list()) {
    const { digest } = manifest;
    const text = await host.files.findText(layout.image.recipe(digest));
    const known = text === undefined ? undefined : parseRecipe(text);
    if (known?.recipe === recipe && (await isWhole({ host, layout, digest }))) return { manifest, notes: known.notes };
  }
  return undefined;
}

export async function keepRecipe({ host, layout }: BuildContext, digest: Digest, known: Recipe): Promise<void> {
  await host.files.writeAtomic(layout.image.recipe(digest), `${JSON.stringify(known)}\n`);
}

/** Of another version, or broken: then nothing is known. */
function parseRecipe(text: string): Recipe | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecipe(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecipe(value: unknown): value is Recipe {
  return typeof value === "object" && value !== null && "recipe" in value && "notes" in value && Array.isArray(value.notes);
}
