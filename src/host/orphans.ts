/**
 * Orphans: a runtime that ends before what it started leaves it to the next process above that wants it, at last to the machine's init. An
 * ended process that nobody reaps keeps its pid namespace, and so its ISC's stop, waiting (pid_namespaces(7)); there are inits that take
 * their time, and in a container often none that reaps at all. So the dock wants them.
 */
import { existsSync, readFileSync } from "node:fs";
import { becomeSubreaper, reapChild } from "./kernel/orphans.ts";

/** Between two looks. */
const pauseMs = 20;

/** From now on, for the life of this process. Does nothing on a kernel that cannot tell children (CONFIG_PROC_CHILDREN). Throws KernelError. */
export function adoptOrphans(): void {
  // Orphans are given to the first thread, which is node's main thread.
  const children = `/proc/self/task/${process.pid}/children`;
  if (!existsSync(children)) return;
  becomeSubreaper();
  let looking = false;
  process.on("SIGCHLD", () => {
    if (looking) return;
    looking = true;
    void reapOrphans(children).finally(() => {
      looking = false;
    });
  });
}

/**
 * Node reaps those it started itself, and must be the one that does: it reads how they ended. It has done so by the time its loop has looked for
 * signals once more; whoever has ended before that and is still there is an orphan.
 */
async function reapOrphans(children: string): Promise<void> {
  let ended: readonly number[] = [];
  do {
    const before = new Set(ended);
    await pause();
    ended = listEnded(children);
    for (const pid of ended) if (before.has(pid)) reapChild(pid);
    ended = ended.filter((pid) => !before.has(pid));
  } while (ended.length > 0);
}

/** At the end of a turn of node's loop, which looks for signals after timers and before immediates. */
function pause(): Promise<void> {
  return new Promise((resolve) => void setTimeout(() => setImmediate(resolve), pauseMs));
}

function listEnded(children: string): readonly number[] {
  const pids = readFileSync(children, "latin1")
    .split(" ")
    .filter((word) => word !== "");
  return pids.map(Number).filter(hasEnded);
}

/** Field 3 of /proc/PID/stat. */
function hasEnded(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text[text.lastIndexOf(")") + 2] === "Z";
  } catch {
    // Reaped in this moment.
    return false;
  }
}
