/** The list of every file of an image, one JSON object a line, sorted by the bytes of the path; and what must hold for each of them. Pure. */
import type { TreeEntry } from "../../host/tree-hash.ts";
import type { FileRecord } from "../../model/image.ts";

/** @param entries owners as inside the image, hashes of all files */
export function listFileRecords(entries: readonly TreeEntry[]): readonly FileRecord[] {
  return entries.map(recordOf).sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

export function renderFileRecords(records: readonly FileRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

function recordOf({ path, kind, mode, uid, gid, sizeBytes, sha256, target }: TreeEntry): FileRecord {
  if (kind === "other") throw new Error(`${path} is neither file nor directory nor symlink`);
  if (kind !== "symlink" && (mode & 0o7002) !== 0)
    throw new Error(`${path} has mode ${mode.toString(8)}, which no file of an image may have`);
  if (kind === "symlink") return { path, kind, mode: 0o777, uid, gid, target: target ?? "" };
  if (kind === "directory") return { path, kind, mode, uid, gid };
  if (sha256 === undefined) throw new Error(`${path} was not hashed`);
  return { path, kind, mode, uid, gid, sizeBytes, sha256 };
}
