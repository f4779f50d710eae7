/** Reads a whole tree, and the SHA-256 of every file in it, on all cores and off the main thread. */
import { createThreadPool } from "./thread-pool.ts";
import type { TreeEntry, TreeResult, TreeTask } from "./tree-hash.ts";

/**
 * Parents before children, names in the order of their bytes. Nobody may change the tree meanwhile.
 * Throws Node's errors, and an Error for a name that is not UTF-8.
 */
export type ReadTree = (root: string, options?: { readonly hash?: boolean }) => Promise<readonly TreeEntry[]>;

export function createReadTree(): ReadTree {
  const pool = createThreadPool<TreeTask, TreeResult>(new URL("./tree-worker.ts", import.meta.url));
  return async (root, { hash = false } = {}) => {
    const results = await pool.runOnAll({ root, hash, next: new SharedArrayBuffer(8) });
    const hashes = new Map(results.flatMap((result) => result.hashes));
    const entries = results.find((result) => result.entries.length > 0)?.entries ?? [];
    return hash ? entries.map((entry, index) => withHash(entry, hashes.get(index))) : entries;
  };
}

function withHash(entry: TreeEntry, sha256: string | undefined): TreeEntry {
  return sha256 === undefined ? entry : { ...entry, sha256 };
}
