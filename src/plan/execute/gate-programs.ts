/** The image's list of files → its programs: the regular files that anybody may execute. Checked by hand, as in checks/image-files.ts: it is long. */

export interface ListedProgram {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

const anyExecuteBit = 0o111;

/** @param text files.jsonl, compared with the signed manifest before */
export function listPrograms(text: string): readonly ListedProgram[] {
  const programs: ListedProgram[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) continue;
    const { path, kind, mode, sha256, sizeBytes }: Partial<Record<keyof ListedProgram | "kind" | "mode", unknown>> = value;
    if (kind !== "file" || typeof mode !== "number" || (mode & anyExecuteBit) === 0) continue;
    if (typeof path === "string" && typeof sha256 === "string" && typeof sizeBytes === "number") programs.push({ path, sha256, sizeBytes });
  }
  return programs;
}
