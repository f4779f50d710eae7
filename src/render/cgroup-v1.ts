/** An ISC's limits as values of cgroup v1 files; the kernel's Documentation/admin-guide/cgroup-v1. */
import type { Limits } from "../model/blueprint.ts";

export interface CgroupSetting {
  readonly file: string;
  readonly value: string;
}

const cpuPeriodUs = 100_000;
const smallestQuotaUs = 1_000;

/** null, zero, full, random, urandom, tty, console, ptmx and terminals: what every OCI container has (runtime specification, "Default Devices"). */
const devices = ["c 1:3", "c 1:5", "c 1:7", "c 1:8", "c 1:9", "c 5:0", "c 5:1", "c 5:2", "c 136:*"];

/** In the order in which they must be written: a memory+swap limit may not be below the memory limit at any moment. */
export function cgroupV1Settings(controllers: readonly string[], limits: Limits): readonly CgroupSetting[] {
  return controllers.flatMap((controller) => settingsOf(controller, limits));
}

function settingsOf(controller: string, { memoryBytes, cpuPercent, processes }: Limits): readonly CgroupSetting[] {
  switch (controller) {
    case "memory":
      return [
        { file: "memory.limit_in_bytes", value: String(memoryBytes) },
        // The same for memory and swap together: no swap, and so no secrets on a disk.
        { file: "memory.memsw.limit_in_bytes", value: String(memoryBytes) },
      ];
    case "cpu":
      return [
        { file: "cpu.cfs_period_us", value: String(cpuPeriodUs) },
        { file: "cpu.cfs_quota_us", value: String(cpuQuotaUs(cpuPercent)) },
      ];
    case "pids":
      return [{ file: "pids.max", value: String(processes) }];
    case "devices":
      return [{ file: "devices.deny", value: "a" }, ...devices.map((device) => ({ file: "devices.allow", value: `${device} rwm` }))];
    default:
      return [];
  }
}

/** Microseconds of each period. The kernel refuses less than a millisecond. */
function cpuQuotaUs(cpuPercent: number): number {
  return Math.max(Math.round((cpuPercent / 100) * cpuPeriodUs), smallestQuotaUs);
}
