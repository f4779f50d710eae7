/** What the contract asks of an image's list of files (files.jsonl). Pure. */
import type { FileRecord } from "../../model/image.ts";
import type { ImageFileSummary } from "./facts.ts";

const setIdBits = 0o6000;
const worldWritableBit = 0o002;
const stickyBit = 0o1000;

/** Programs that bring in or unpack other programs. */
const packageManagers = new Set(
  ["apt", "apt-get", "aptitude", "dpkg", "dpkg-deb", "rpm", "dnf", "microdnf", "yum", "zypper", "apk", "pacman", "snap", "flatpak"].flatMap(
    (name) => ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"].map((directory) => `${directory}/${name}`),
  ),
);

/** The text was hashed against the signed manifest before, so its lines are those that seal wrote. Throws when they are none. */
export function summarizeImageFiles(text: string): ImageFileSummary {
  const files = new Set<string>();
  const [setId, worldWritable, managers, odd]: [string[], string[], string[], string[]] = [[], [], [], []];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const record = parseRecord(line);
    if (record === undefined) {
      odd.push(line.slice(0, 80));
      continue;
    }
    const { path, kind, mode } = record;
    if (kind === "file") files.add(path);
    if (kind === "file" && (mode & setIdBits) !== 0) setId.push(path);
    if (isWorldWritable(kind, mode)) worldWritable.push(path);
    if (kind !== "directory" && packageManagers.has(path)) managers.push(path);
  }
  return { files, setId, worldWritable, packageManagers: managers, odd };
}

/** A directory with the sticky bit, such as /tmp, is what it is meant to be. */
function isWorldWritable(kind: FileRecord["kind"], mode: number): boolean {
  if (kind === "symlink" || (mode & worldWritableBit) === 0) return false;
  return kind === "file" || (mode & stickyBit) === 0;
}

/** Devices, pipes and sockets have no kind of their own there. Checked by hand: a schema would take longer than all the rest of verify. */
function parseRecord(line: string): Pick<FileRecord, "path" | "kind" | "mode"> | undefined {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || !("path" in value) || !("kind" in value) || !("mode" in value)) return undefined;
  const { path, kind, mode } = value;
  if (typeof path !== "string" || typeof mode !== "number") return undefined;
  if (kind !== "file" && kind !== "directory" && kind !== "symlink") return undefined;
  return { path, kind, mode };
}
