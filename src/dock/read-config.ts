/** dock.yaml from the disk: its own file, no link, of a size that a person writes. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { Problem } from "../base/problem.ts";
import { parseDockConfig, usualDockConfig } from "../blueprint/parse-dock-config.ts";
import type { DockConfig } from "../model/dock-config.ts";
import type { DockSettings } from "./settings.ts";

const mostBytes = 256 * 1024;

/** Throws Problem CONFIG_INVALID. A file that nobody named may be missing. */
export function readDockConfig({ config: { file, named } }: Pick<DockSettings, "config">): DockConfig {
  const text = readText(file, named);
  return text === undefined ? usualDockConfig : parseDockConfig(text, path.basename(file));
}

function readText(file: string, named: boolean): string | undefined {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOENT" && !named) return undefined;
    throw unusable(file, code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`, error);
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) throw unusable(file, "it is no file");
    if (status.size > mostBytes) throw unusable(file, "it is larger than 256KiB");
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

function unusable(file: string, why: string, cause?: unknown): Problem {
  return new Problem("CONFIG_INVALID", `cannot use ${file}: ${why}`, { hint: "docs/reference/dock-config.md explains it", cause });
}
