/**
 * Processes that the exec gate was asked about and that were frozen before they had its answer. The kernel ends no fanotify group while
 * one of them sleeps inside it (fsnotify_destroy_group waits for them), so a dock that dies then would never be gone, nor let go of its
 * lock. Only version 1 freezes there; version 2 waits until the answer is in.
 */
import type { Host } from "../../host/host.ts";
import { cgroupRoot, type DockIdentity } from "../../model/identity.ts";
import { listHierarchies } from "../cgroup-hierarchies.ts";

type Files = Pick<Host["files"], "findTextNow" | "listNow" | "findNow" | "writeNow">;

/** By where each thread sleeps; /proc/PID/task/TID/wchan, see proc(5). */
export function listBlocked(files: Files, directory: string): readonly number[] {
  const pids = (files.findTextNow(`${directory}/cgroup.procs`) ?? "").split("\n").filter((line) => line !== "");
  return pids.filter((pid) => isBlocked(files, pid)).map(Number);
}

function isBlocked(files: Files, pid: string): boolean {
  try {
    return files
      .listNow(`/proc/${pid}/task`)
      .some((thread) => files.findTextNow(`/proc/${pid}/task/${thread}/wchan`)?.startsWith("fanotify"));
  } catch {
    // It has ended meanwhile.
    return false;
  }
}

/** For a dock whose predecessor died in the moment between a freeze and the look at it. @returns whether there was anything to do */
export function thawBlocked(host: Pick<Host, "files">, dock: DockIdentity): boolean {
  const freezer = listHierarchies(host).find(({ controllers }) => controllers.includes("freezer"));
  const root = `${freezer?.mountPoint}/${cgroupRoot(dock)}`;
  if (!freezer || !host.files.findNow(root)) return false;
  const groups = host.files.listNow(root).map((entry) => `${root}/${entry}`);
  const blocked = groups.filter((group) => listBlocked(host.files, group).length > 0);
  for (const group of blocked) host.files.writeNow(`${group}/freezer.state`, "THAWED");
  return blocked.length > 0;
}
