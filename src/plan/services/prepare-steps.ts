/** ExecStartPre= of a unit: which lines still make sense without privileges, and which are directories in disguise. */
import type { CommandLine } from "./command-line.ts";
import { normalizeImagePath } from "./image-facts.ts";
import type { Known } from "./knowledge.ts";
import { isSealedPlace, parseMode, type WantedDirectory } from "./writable-places.ts";

export interface Preparation {
  readonly steps: readonly (readonly string[])[];
  readonly directories: readonly WantedDirectory[];
  readonly notes: readonly string[];
  readonly needsShell: boolean;
}

/** Changing owners needs CAP_CHOWN, which an ISC does not have; its places belong to its user from the start. */
const ownerPrograms = ["chown", "chgrp"];

export function planPreparation(lines: readonly CommandLine[], known: Known | undefined): Preparation {
  const dropped = (known?.entry.dropPrepare ?? []).map((pattern) => new RegExp(`^(?:${pattern})$`));
  const steps: (readonly string[])[] = [...knownSteps(known)];
  const directories: WantedDirectory[] = [];
  const notes: string[] = [];
  let needsShell = false;
  for (const line of lines) {
    const text = line.command.join(" ");
    const made = directoriesMadeBy(line.command);
    if (dropped.some((pattern) => pattern.test(text))) notes.push(`left out of the preparation: ${text}`);
    else if (made !== undefined) directories.push(...made);
    else if (ownerPrograms.includes(baseName(line.command[0])))
      notes.push(`left out of the preparation, places belong to the service's user: ${text}`);
    else {
      if (line.wantsPrivileges) notes.push(`runs without the privileges its unit gives it: ${text}`);
      steps.push(line.ignoresFailure ? tolerateFailure(line.command) : line.command);
      needsShell ||= line.ignoresFailure;
    }
  }
  return { steps, directories, notes, needsShell };
}

function knownSteps(known: Known | undefined): readonly (readonly string[])[] {
  return known?.entry.prepare?.map((step) => step.map(known.fill)) ?? [];
}

/** A step's exit status counts; where the unit says it does not, a shell swallows it. */
function tolerateFailure(command: readonly string[]): readonly string[] {
  return ["/bin/sh", "-c", '"$@" || :', "sh", ...command];
}

/** The directories of a plain `mkdir` or `install -d`; undefined for any other command, or one that makes them where nothing may be written. */
function directoriesMadeBy(command: readonly string[]): readonly WantedDirectory[] | undefined {
  const [program, ...words] = command;
  const name = baseName(program);
  if (name !== "mkdir" && !(name === "install" && words.some((word) => word === "-d" || word === "--directory"))) return undefined;
  const withValue = name === "mkdir" ? ["-m"] : ["-m", "-o", "-g"];
  const isValue = (index: number) => withValue.includes(words[index - 1] ?? "");
  const modeText = words.find((word, index) => words[index - 1] === "-m" || word.startsWith("--mode="))?.replace("--mode=", "");
  const paths = words.filter((word, index) => !word.startsWith("-") && !isValue(index)).map(normalizeImagePath);
  if (paths.some((path) => path === undefined || isSealedPlace(path))) return undefined;
  const mode = modeText === undefined ? {} : { mode: parseMode(modeText) };
  return paths.flatMap((path) => (path === undefined ? [] : [{ path, ...mode }]));
}

function baseName(path: string | undefined): string {
  return path?.slice(path.lastIndexOf("/") + 1) ?? "";
}
