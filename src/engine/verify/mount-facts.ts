/** Mount tables as the checks want them. */
import type { Host } from "../../host/host.ts";
import { parseMountInfo } from "../../host/kernel/mountinfo.ts";
import type { MountFacts } from "../../plan/checks/facts.ts";

/** Throws the error of node:fs. */
export function readMounts(host: Host, pid: number | "self"): readonly MountFacts[] {
  return parseMountInfo(host.files.findTextNow(`/proc/${pid}/mountinfo`) ?? "").map(({ major, minor, ...mount }) => ({
    ...mount,
    device: `${major}:${minor}`,
  }));
}

/** The uppermost mount on a path of the dock's own mount namespace. */
export function findMountOn(mounts: readonly MountFacts[], path: string): MountFacts | undefined {
  return mounts.findLast((mount) => mount.mountPoint === path);
}
