/** kernel.masked: the kernel's dangerous files are covered, and its settings are read-only. */
import { counted, judge, pass, whenVisible } from "./answer.ts";
import type { LiveFacts, MountFacts } from "./facts.ts";
import { findVisibleMount, isWritable } from "./mount-view.ts";

export const checkKernelMasked = whenVisible("/proc and /sys are made", ({ live }) => {
  const complaints = [
    ...live.maskedPaths.filter((path) => !isMasked(live, path)).map((path) => `/proc/${live.pid}/mountinfo: ${path} is not masked`),
    ...live.readonlyPaths.filter((path) => !isReadOnly(live, path)).map((path) => `/proc/${live.pid}/mountinfo: ${path} is writable`),
    ...live.mounts
      .filter((mount) => mount.type === "sysfs" && isWritable(mount))
      .map((mount) => `/proc/${live.pid}/mountinfo: sysfs is writable at ${mount.mountPoint}`),
    ...live.mounts
      .filter((mount) => mount.type === "proc" && mount.root === "/" && mount.mountPoint !== "/proc")
      .map((mount) => `/proc/${live.pid}/mountinfo: another proc is mounted at ${mount.mountPoint}`),
  ];
  return judge(complaints, () =>
    pass(
      `/proc/${live.pid}/mountinfo: ${counted(live.maskedPaths.length, "path")} masked, ${counted(live.readonlyPaths.length, "path")} read-only, as far as this kernel has them`,
    ),
  );
});

/** Covered by something that is not the kernel's: OCI runtimes take /dev/null for a file, an empty tmpfs for a directory. Without /sys its paths lead nowhere. */
function isMasked({ mounts }: LiveFacts, path: string): boolean {
  return !isOfKernel(findVisibleMount(mounts, path));
}

function isOfKernel(mount: MountFacts | undefined): boolean {
  return mount === undefined || mount.type === "proc" || mount.type === "sysfs";
}

function isReadOnly({ mounts }: LiveFacts, path: string): boolean {
  const mount = findVisibleMount(mounts, path);
  return !isOfKernel(mount) || (mount !== undefined && !isWritable(mount));
}
