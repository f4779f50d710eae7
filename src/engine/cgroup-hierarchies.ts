/** The cgroup hierarchies of this host: one of version 2, several of version 1, or both. */
import type { Host } from "../host/host.ts";
import { parseMountInfo } from "../host/kernel/mountinfo.ts";

export interface CgroupHierarchy {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  /** v1: the controllers of this hierarchy. */
  readonly controllers: readonly string[];
}

/** What is mounted in the dock's own mount namespace; cgroups(7). */
export function listHierarchies(host: Pick<Host, "files">): readonly CgroupHierarchy[] {
  return parseMountInfo(host.files.findTextNow("/proc/self/mountinfo") ?? "").flatMap((mount): readonly CgroupHierarchy[] => {
    if (mount.type === "cgroup2") return [{ version: 2, mountPoint: mount.mountPoint, controllers: [] }];
    if (mount.type === "cgroup") return [{ version: 1, mountPoint: mount.mountPoint, controllers: mount.superOptions }];
    return [];
  });
}
