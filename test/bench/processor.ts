/** Processor time of an engine's own processes, as the kernel counts it: utime and stime in proc_pid_stat(5), in ticks of 10 ms. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Machine } from "./machine.ts";

const tickMs = 10;

/** Milliseconds of one processor per second, over some seconds in which nobody asks for anything. */
export async function measureIdleMs(machine: Machine, seconds: number): Promise<number> {
  const before = new Map(machine.listProcesses().map((pid) => [pid, spentMs(pid)]));
  await sleep(seconds * 1_000);
  // Who came or went meanwhile is no engine at rest.
  const spent = [...before].map(([pid, beforeMs]) => Math.max(0, spentMs(pid) - beforeMs));
  return spent.reduce((sum, ms) => sum + ms, 0) / seconds;
}

function spentMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return 0;
  }
}
