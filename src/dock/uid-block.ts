/**
 * The block of host uids that this dock's ISCs run in. Docks of one host agree by locked files, which name their last holder: a lock dies
 * with its dock, and what a dead dock's ISCs run in is left to it until they end. See docs/decisions/0006.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { Problem } from "../base/problem.ts";
import { tryLockFile } from "../host/kernel/lock.ts";
import { type DockIdentity, uidBlockOf, uidBlocks, uidsOfBlock, withUidBlock } from "../model/identity.ts";

/** The same for every dock of the host, wherever it keeps its own things; gone with the next boot, as ISCs are. */
const usualDirectory = "/run/iscadm/uids";

export interface UidBlockClaim extends Disposable {
  readonly identity: DockIdentity;
}

/**
 * Held until disposed: the block that this dock has had since boot, else the one that its network suggests, else any that nobody uses.
 * Throws Problem HOST_INCAPABLE when other docks have them all, and the error of node:fs.
 * @param root ISC_ROOT, which stands for the dock
 */
export function claimUidBlock(identity: DockIdentity, root: string, directory = usualDirectory): UidBlockClaim {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const holders = Array.from({ length: uidBlocks }, (_, block) => findHolder(`${directory}/${block}`));
  const own = holders.indexOf(root);
  const suggested = uidBlockOf(identity);
  const order = [own, suggested, ...holders.keys()].filter((block, index, all) => block >= 0 && all.indexOf(block) === index);
  for (const block of order) {
    const file = `${directory}/${block}`;
    const lock = tryLockFile(file);
    if (!lock) continue;
    // Read again: between the look and the lock another may have had it.
    if (findHolder(file) === root || !isInUse(block)) {
      writeFileSync(file, root);
      return { identity: withUidBlock(identity, block), [Symbol.dispose]: () => lock[Symbol.dispose]() };
    }
    lock[Symbol.dispose]();
  }
  const others = [...new Set(holders.filter((holder) => holder !== undefined))].join(", ");
  throw new Problem("HOST_INCAPABLE", `cannot start the dock: all ${uidBlocks} blocks of host uids are in use by others (${others})`, {
    hint: "stop a dock that is not needed: destroy its ISCs, then ISC_ROOT=... iscadm dock stop",
  });
}

function findHolder(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8") || undefined;
  } catch {
    return undefined;
  }
}

/** Whether any process of the host runs under a uid of it. */
function isInUse(block: number): boolean {
  const { first, count } = uidsOfBlock(block);
  return readdirSync("/proc").some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    const uid = statSync(`/proc/${entry}`, { throwIfNoEntry: false })?.uid;
    return uid !== undefined && uid >= first && uid < first + count;
  });
}
