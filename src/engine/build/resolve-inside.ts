/** Looks inside a tree by the tree's own rules: absolute symlinks and `..` lead to places in the tree, as they will once it is a root. */
import { Problem } from "../../base/problem.ts";
import type { FileStatus, Files } from "../../host/host.ts";

/** As in the kernel (path_resolution(7)). */
const mostLinks = 40;

export type LookAt = Pick<Files, "findNow" | "findLinkNow">;

export interface Resolved {
  /** Absolute inside the tree, without any symlink in it. */
  readonly path: string;
  /** undefined: nothing is there; what of the path does not exist is taken as written. */
  readonly status: FileStatus | undefined;
}

/**
 * Walks `path` component by component. The last one is followed too, unless `keepLast`.
 * Throws Problem BUILD_FAILED for a path that ends in circles or leads through a file.
 */
export function resolveInside(files: LookAt, root: string, path: string, { keepLast = false } = {}): Resolved {
  let links = 0;
  let done: readonly string[] = [];
  let waiting = split(path);
  while (waiting.length > 0) {
    const [name = "", ...rest] = waiting;
    waiting = rest;
    if (name === "..") {
      done = done.slice(0, -1);
      continue;
    }
    const here = [...done, name];
    const found = lookAt(files, root, here, { isLast: rest.length === 0, keepLast });
    if (found.target === undefined) {
      done = here;
      continue;
    }
    links += 1;
    if (links > mostLinks) throw new Problem("BUILD_FAILED", `cannot find ${path} in the image: too many symlinks at /${here.join("/")}`);
    if (found.target.startsWith("/")) done = [];
    waiting = [...split(found.target), ...rest];
  }
  const resolved = `/${done.join("/")}`;
  return { path: resolved, status: files.findNow(`${root}${resolved === "/" && root !== "" ? "" : resolved}`) };
}

interface Last {
  readonly isLast: boolean;
  readonly keepLast: boolean;
}

/** Where a symlink that must be followed leads. Throws Problem BUILD_FAILED for a way through a file. */
function lookAt(
  files: LookAt,
  root: string,
  names: readonly string[],
  { isLast, keepLast }: Last,
): { readonly target: string | undefined } {
  const path = `${root}/${names.join("/")}`;
  const status = files.findNow(path);
  if (status?.kind === "symlink" && !(keepLast && isLast)) return { target: files.findLinkNow(path) };
  if (!isLast && status !== undefined && status.kind !== "directory") {
    throw new Problem("BUILD_FAILED", `cannot go through /${names.join("/")} in the image: it is no directory`);
  }
  return { target: undefined };
}

function split(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** Largest text that anything looks for: account files, units, configuration. */
const textLimitBytes = 4 * 1024 * 1024;

/** The text of a regular file in the tree; undefined when there is none, or a larger one. */
export function findTextInside(files: LookAt & Pick<Files, "findTextNow">, root: string, path: string): string | undefined {
  const { path: found, status } = lookInside(files, root, path);
  if (status?.kind !== "file" || status.sizeBytes > textLimitBytes) return undefined;
  return files.findTextNow(`${root}${found}`);
}

/** Like `resolveInside`, where a path that cannot be walked is one that is not there. */
export function lookInside(files: LookAt, root: string, path: string): Resolved {
  try {
    return resolveInside(files, root, path);
  } catch {
    return { path, status: undefined };
  }
}
