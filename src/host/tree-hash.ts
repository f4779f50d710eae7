/** Walks a tree and hashes its files: what each thread of `createReadTree` does. All walk it in the same order and share out the files. */
import { createHash, hash } from "node:crypto";
import fs from "node:fs";

export interface TreeEntry {
  /** Absolute inside the tree; "/" is the root itself. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "other";
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** What a symlink says. */
  readonly target?: string;
  /** Of a regular file, hexadecimal; absent where it was not asked for. */
  readonly sha256?: string;
}

export interface TreeTask {
  readonly root: string;
  readonly hash: boolean;
  /** One 32-bit number: the next file that nobody has taken. */
  readonly next: SharedArrayBuffer;
}

export interface TreeResult {
  /** From the thread that came first; the others answer none. */
  readonly entries: readonly TreeEntry[];
  /** Index among `entries`, and hash. */
  readonly hashes: readonly (readonly [number, string])[];
}

/** The largest file read in one go. */
const wholeBytes = 1024 * 1024;

export function walkAndHash(task: TreeTask): TreeResult {
  const entries = walk(task.root);
  const next = new Int32Array(task.next);
  const isFirst = Atomics.compareExchange(next, 1, 0, 1) === 0;
  const hashes: (readonly [number, string])[] = [];
  if (task.hash) {
    const files = entries.flatMap((entry, index) => (entry.kind === "file" ? [index] : []));
    for (let taken = Atomics.add(next, 0, 1); taken < files.length; taken = Atomics.add(next, 0, 1)) {
      const index = files[taken] ?? 0;
      hashes.push([index, hashFile(`${task.root}${entries[index]?.path}`)]);
    }
  }
  return { entries: isFirst ? entries : [], hashes };
}

/** Parents before children; names in the order of their bytes, so the same everywhere. Throws on a name that is not UTF-8. */
function walk(root: string): TreeEntry[] {
  const entries: TreeEntry[] = [];
  const visit = (path: string) => {
    const entry = describe(root, path === "" ? "/" : path);
    entries.push(entry);
    if (entry.kind !== "directory") return;
    const names = fs.readdirSync(`${root}${path}`).sort(compareBytes);
    for (const name of names) {
      if (name.includes("\u{fffd}")) throw new Error(`a name in ${path}/ is not UTF-8: ${name}`);
      visit(`${path}/${name}`);
    }
  };
  visit("");
  return entries;
}

function describe(root: string, path: string): TreeEntry {
  const file = `${root}${path}`;
  const stats = fs.lstatSync(file);
  const common = { path, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, sizeBytes: stats.isFile() ? stats.size : 0 };
  if (stats.isFile()) return { ...common, kind: "file" };
  if (stats.isDirectory()) return { ...common, kind: "directory" };
  if (stats.isSymbolicLink()) return { ...common, kind: "symlink", target: fs.readlinkSync(file) };
  return { ...common, kind: "other" };
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function hashFile(file: string): string {
  const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  try {
    if (fs.fstatSync(fd).size <= wholeBytes) return hash("sha256", fs.readFileSync(fd), "hex");
    const sum = createHash("sha256");
    const piece = Buffer.alloc(wholeBytes);
    for (let got = fs.readSync(fd, piece); got > 0; got = fs.readSync(fd, piece)) sum.update(piece.subarray(0, got));
    return sum.digest("hex");
  } finally {
    fs.closeSync(fd);
  }
}
