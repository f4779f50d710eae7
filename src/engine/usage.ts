/** What a running ISC uses now, from its cgroup. */
import type { Name } from "../model/name.ts";
import type { Engine } from "./engine.ts";
import { cgroupPath } from "./parts/cgroup.ts";

export interface Usage {
  readonly memoryBytes?: number;
  readonly processCount?: number;
  readonly cpuMs?: number;
}

/** A figure whose cgroup file is missing is left out; cgroups(7), Documentation/admin-guide/cgroup-v2.rst. */
export async function readUsage(engine: Engine, name: Name): Promise<Usage> {
  const path = cgroupPath(engine, name);
  const read = (controller: string, v1File: string, v2File: string): string | undefined => {
    for (const { version, mountPoint, controllers } of engine.hierarchies) {
      if (version === 1 && !controllers.includes(controller)) continue;
      const text = engine.host.files.findTextNow(`${mountPoint}${path}/${version === 1 ? v1File : v2File}`);
      if (text !== undefined) return text.trim();
    }
    return undefined;
  };
  const memory = read("memory", "memory.usage_in_bytes", "memory.current");
  const pids = read("pids", "pids.current", "pids.current");
  const cpu = read("cpuacct", "cpuacct.usage", "cpu.stat");
  return {
    ...(memory !== undefined && { memoryBytes: Number(memory) }),
    ...(pids !== undefined && { processCount: Number(pids) }),
    ...(cpu !== undefined && { cpuMs: parseCpuMs(cpu) }),
  };
}

/** v1 answers nanoseconds; v2 a table with usage_usec. */
function parseCpuMs(text: string): number {
  const microseconds = /^usage_usec (\d+)$/m.exec(text)?.[1];
  return microseconds === undefined ? Number(text) / 1e6 : Number(microseconds) / 1e3;
}
