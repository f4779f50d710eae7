/** Cgroups of one run: the engines remove those of their containers, but not the parents that they made. */
import { readdirSync, rmdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const base = "/sys/fs/cgroup";
const tries = 20;
const tryEveryMs = 100;

/** All that begin with this run's name, in every hierarchy. The kernel needs a moment after the last process. */
export async function removeCgroups(): Promise<void> {
  for (let left = tries; left > 0; left--) {
    const found = [base, ...directories(base)].flatMap((hierarchy) => directories(hierarchy).filter(isOwn));
    if (found.length === 0) return;
    for (const directory of found) removeTree(directory);
    await sleep(tryEveryMs);
  }
}

function isOwn(directory: string): boolean {
  return new RegExp(`^${cgroupName}(-|$)`).test(path.basename(directory));
}

/** The parent of everything that this run puts into cgroups. */
export const cgroupName = `isc-bench-${process.pid}`;

function removeTree(directory: string): void {
  for (const child of directories(directory)) removeTree(child);
  try {
    rmdirSync(directory);
  } catch {
    // Still in use: the next try.
  }
}

function directories(place: string): readonly string[] {
  try {
    return readdirSync(place, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(place, entry.name));
  } catch {
    return [];
  }
}
