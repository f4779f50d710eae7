/** Memory beside the service: what an engine's own processes take, as proportional set size (smaps_rollup in proc(5)). */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Machine } from "./machine.ts";

/** First processes that do no service themselves. */
const minders = /\/(catatonit|docker-init|s6-svscan|s6-supervise)$/;
const samples = 5;
const sampleEveryMs = 300;

/** The least of some samples over a moment: garbage of a managed heap comes and goes. */
export async function measureBesideBytes(machine: Machine): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < samples; sample++) {
    least = Math.min(least, besideBytes(machine));
    await sleep(sampleEveryMs);
  }
  return least;
}

function besideBytes(machine: Machine): number {
  const own = new Set(machine.listProcesses());
  const inside = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && !own.has(Number(pid)) && isMinder(pid, own));
  return [...own, ...inside.map(Number)].reduce((sum, pid) => sum + proportionalBytes(pid), 0);
}

function isMinder(pid: string, parents: ReadonlySet<number>): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    return parents.has(parent) && minders.test(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return false;
  }
}

function proportionalBytes(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}
