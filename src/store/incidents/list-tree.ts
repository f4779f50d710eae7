/** Names and hashes of a tree whose contents nobody may trust: no link is followed, no name is too odd, and there is an end. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import { reasonOf } from "../../base/reason-of.ts";

const mostEntries = 20_000;
const mostBytesEach = 256 * 1024 * 1024;

export interface ListedTree {
  /** One JSON object a line. */
  readonly text: string;
  readonly count: number;
  /** What was left out. */
  readonly gaps: readonly string[];
}

export async function listTree(root: string): Promise<ListedTree> {
  const lines: string[] = [];
  const gaps: string[] = [];
  const waiting: Buffer[] = [Buffer.from("")];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const directory = Buffer.concat([Buffer.from(`${root}/`), path]);
    for (const entry of await fs.promises.readdir(directory, { withFileTypes: true, encoding: "buffer" })) {
      if (lines.length >= mostEntries)
        return { text: join(lines), count: lines.length, gaps: [`more than ${mostEntries} files in scratch`] };
      const inside = path.length === 0 ? entry.name : Buffer.concat([path, Buffer.from("/"), entry.name]);
      lines.push(JSON.stringify(await describe(root, inside)));
      if (entry.isDirectory()) waiting.push(inside);
    }
  }
  return { text: join(lines), count: lines.length, gaps };
}

function join(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

async function describe(root: string, inside: Buffer): Promise<object> {
  const path = Buffer.concat([Buffer.from(`${root}/`), inside]);
  const text = inside.toString("utf8");
  const name = Buffer.from(text).equals(inside) ? { path: text } : { path: text, pathHex: inside.toString("hex") };
  try {
    const status = await fs.promises.lstat(path);
    const { mode, uid, gid, size, mtimeMs } = status;
    const common = { ...name, mode: (mode & 0o7777).toString(8), uid, gid, sizeBytes: size, modified: new Date(mtimeMs).toISOString() };
    if (status.isSymbolicLink()) return { ...common, kind: "symlink", target: await fs.promises.readlink(path) };
    if (status.isDirectory()) return { ...common, kind: "directory" };
    if (!status.isFile()) return { ...common, kind: "other" };
    return { ...common, kind: "file", ...(size > mostBytesEach ? {} : { sha256: await hashFile(path) }) };
  } catch (error) {
    return { ...name, unseen: reasonOf(error) };
  }
}

async function hashFile(path: Buffer): Promise<string> {
  const file = await fs.promises.open(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  const hash = createHash("sha256");
  for await (const chunk of file.createReadStream()) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
