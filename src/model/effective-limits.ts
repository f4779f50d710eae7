/** The limits that the host puts on an ISC, from those its blueprint gives its service. */
import type { Limits, Posture } from "./blueprint.ts";

/** gVisor's own kernel and file server count against the same cgroup: their threads and, beside the service's, their memory. */
const gvisorProcesses = 256;
const gvisorMemoryBytes = 64 * 1024 * 1024;

export function effectiveLimits({ limits, containment }: Pick<Posture, "limits" | "containment">): Limits {
  if (containment !== "gvisor") return limits;
  return { ...limits, processes: limits.processes + gvisorProcesses, memoryBytes: limits.memoryBytes + gvisorMemoryBytes };
}
