/** What the planner must know of the built root. The caller looks inside the image: links are resolved there, never on the host. */
import type { AccountFiles } from "./accounts.ts";

export interface ImageFile {
  readonly kind: "file" | "directory";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface ImageFacts extends AccountFiles {
  /** Follows symlinks inside the image; undefined when nothing is there. */
  find(path: string): ImageFile | undefined;
  /** A small text file of the image, symlinks followed inside it. */
  readText(path: string): string | undefined;
}

/** The absolute path without doubled or trailing slashes, with the old names of /run resolved; undefined when it is none or has `..` in it. */
export function normalizeImagePath(text: string): string | undefined {
  if (!text.startsWith("/") || text.includes("\0")) return undefined;
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return undefined;
  return `/${parts.join("/")}`.replace(/^\/var\/run(?=\/|$)/, "/run").replace(/^\/var\/lock(?=\/|$)/, "/run/lock");
}
