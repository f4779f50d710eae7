/** FILE or IMAGE: what create and run are told to make an ISC from. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Problem } from "../base/problem.ts";
import type { CliContext } from "./context.ts";

export type ImageArgument = { readonly kind: "blueprint"; readonly path: string } | { readonly kind: "image"; readonly reference: string };

/** A blueprint when it ends in .yaml or .yml, looks like a path or is a file that exists; else the name or digest of an image. */
export function parseImageArgument(text: string, context: CliContext): ImageArgument {
  const isFile = statSync(resolve(context.io.workingDirectory, text), { throwIfNoEntry: false })?.isFile() === true;
  if (!isFile && !/\.ya?ml$/.test(text) && !text.includes("/")) return { kind: "image", reference: text };
  return { kind: "blueprint", path: parseFileArgument(text, context) };
}

/** The absolute path of a file that must exist, unless the dock is on another machine. Throws USAGE. */
export function parseFileArgument(text: string, { io, flags }: CliContext): string {
  const path = resolve(io.workingDirectory, text);
  const isElsewhere = flags.dock?.startsWith("ssh://") === true;
  if (isElsewhere || existsSync(path)) return path;
  throw new Problem("USAGE", `cannot find the file ${text}`, { hint: `nothing is at ${path}` });
}
