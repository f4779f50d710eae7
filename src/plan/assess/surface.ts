/** What an intruder would find in an image, from its list of files (files.jsonl). Pure. */
import type { AssessProfile } from "../../model/assessment.ts";
import type { FileRecord } from "../../model/image.ts";

export interface Surface {
  /** Regular files that may be executed, libraries left out. */
  readonly programs: number;
  readonly libraries: number;
  readonly setId: readonly string[];
  /** Names, without the version that a program may have in its name. */
  readonly shells: readonly string[];
  readonly interpreters: readonly string[];
}

const setIdBits = 0o6000;
const executableBits = 0o111;
const libraryPattern = /\.so(\.[0-9.]+)?$/;

/** Lines that are no records are left to `verify`, which fails for them. */
export function readSurface(text: string, { shells, interpreters }: Pick<AssessProfile, "shells" | "interpreters">): Surface {
  const found = { programs: 0, libraries: 0, setId: [] as string[], names: new Set<string>() };
  for (const line of text.split("\n")) {
    const record = parseRecord(line);
    if (record?.kind !== "file") continue;
    const { path, mode } = record;
    if (libraryPattern.test(path)) found.libraries++;
    else if ((mode & executableBits) !== 0) {
      found.programs++;
      found.names.add(programName(path));
    }
    if ((mode & setIdBits) !== 0) found.setId.push(path);
  }
  const { names, ...counts } = found;
  return { ...counts, shells: shells.filter((name) => names.has(name)), interpreters: interpreters.filter((name) => names.has(name)) };
}

/** "/usr/bin/python3.11" is python. */
export function programName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/-?[0-9][0-9.]*$/, "");
}

function parseRecord(line: string): Pick<FileRecord, "path" | "kind" | "mode"> | undefined {
  if (line === "") return undefined;
  try {
    // The dock's own file; `verify` holds it against the signed hash.
    return JSON.parse(line) as FileRecord;
  } catch {
    return undefined;
  }
}
