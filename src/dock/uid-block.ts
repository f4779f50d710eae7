/**
 * The block of host uids that this dock's ISCs run in. Docks of one host agree by locked files, which name their last holder: a lock dies
 * with its dock, and what a dead dock's ISCs run in is left to it until they end. See docs/decisions/0006.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../base/problem.ts";
import { tryLockFile } from "../host/kernel/lock.ts";
import { cgroupRoot, type DockIdentity, uidBlockOf, uidBlocks, uidsOfBlock, withUidBlock } from "../model/identity.ts";

/** The same for every dock of the host, wherever it keeps its own things; gone with the next boot, as ISCs are. */
const usualDirectory = "/run/iscadm/uids";

export interface UidBlockClaim extends Disposable {
  readonly identity: DockIdentity;
}

/** How long another dock may take to choose, and our own predecessor to be gone. */
const attempts = 250;
const pauseMs = 20;

/**
 * Held until disposed: the block that this dock has had since boot, else the one that its network suggests, else any that nobody uses.
 * Throws Problem HOST_INCAPABLE when other docks have them all, and the error of node:fs.
 * @param root ISC_ROOT, which stands for the dock
 */
export async function claimUidBlock(identity: DockIdentity, root: string, directory = usualDirectory): Promise<UidBlockClaim> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // One dock chooses at a time: who looks at a block holds it for a moment, which must not drive away the dock whose it is.
  using _turn = await lockPatiently(`${directory}/lock`);
  const files = Array.from({ length: uidBlocks }, (_, block) => `${directory}/${block}`);
  const holders = files.map(readIfThere);
  const own = holders.indexOf(root);
  if (own >= 0) {
    const lock = await lockPatiently(files[own] ?? "");
    if (lock) return claim(identity, own, lock);
  }
  const running = listUids(cgroupRoot(identity));
  // Where its ISCs run on, though no file tells: a dock before this one may have kept none.
  const home = [...files.keys()].filter((block) => running.own.some(isIn(block)));
  for (const block of [...home, uidBlockOf(identity), ...files.keys()]) {
    const file = files[block] ?? "";
    if (block === own || (running.others.some(isIn(block)) && !home.includes(block))) continue;
    const lock = tryLockFile(file);
    if (!lock) continue;
    writeFileSync(file, root);
    // An old name elsewhere would lead back to what another may have by then.
    if (own >= 0) writeFileSync(files[own] ?? "", "");
    return claim(identity, block, lock);
  }
  const others = [...new Set(holders.filter((holder) => holder !== undefined))].join(", ");
  throw new Problem("HOST_INCAPABLE", `cannot start the dock: all ${uidBlocks} blocks of host uids are in use by others (${others})`, {
    hint: "stop a dock that is not needed: destroy its ISCs, then ISC_ROOT=... iscadm dock stop",
  });
}

function claim(identity: DockIdentity, block: number, lock: Disposable): UidBlockClaim {
  return { identity: withUidBlock(identity, block), [Symbol.dispose]: () => lock[Symbol.dispose]() };
}

/** Undefined when somebody holds it all the time. */
async function lockPatiently(file: string): Promise<Disposable | undefined> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const lock = tryLockFile(file);
    if (lock) return lock;
    await sleep(pauseMs);
  }
  return undefined;
}

/** What is written there. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8") || undefined;
  } catch {
    return undefined;
  }
}

function isIn(block: number): (uid: number) => boolean {
  const { first, count } = uidsOfBlock(block);
  return (uid) => uid >= first && uid < first + count;
}

/** Uids of the host's processes: of those in this dock's cgroups, which are its own ISCs', and of all others. */
function listUids(cgroup: string): { readonly own: readonly number[]; readonly others: readonly number[] } {
  const own: number[] = [];
  const others: number[] = [];
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const uid = statSync(`/proc/${entry}`, { throwIfNoEntry: false })?.uid;
    if (uid === undefined || uid < uidsOfBlock(0).first) continue;
    (readIfThere(`/proc/${entry}/cgroup`)?.includes(`:/${cgroup}/`) ? own : others).push(uid);
  }
  return { own, others };
}
