/** What a process meets at a path, worked out from its mount table. Pure. */
import type { MountFacts } from "./facts.ts";

/**
 * The mount that is seen at a path: from the root, across each mount point on the way, the upper one where several are stacked.
 * A mount that a later one on a parent directory hides is never met.
 */
export function findVisibleMount(mounts: readonly MountFacts[], path: string): MountFacts | undefined {
  const ids = new Set(mounts.map((mount) => mount.id));
  let current =
    mounts.find((mount) => mount.mountPoint === "/" && !ids.has(mount.parentId)) ?? mounts.find((mount) => mount.mountPoint === "/");
  while (current) {
    const next = nextOnTheWay(mounts, current, path);
    if (!next) return current;
    current = next;
  }
  return undefined;
}

function nextOnTheWay(mounts: readonly MountFacts[], current: MountFacts, path: string): MountFacts | undefined {
  const crossed = mounts.filter((mount) => mount.parentId === current.id && mount.id !== current.id && isWithin(mount.mountPoint, path));
  return crossed.toSorted((one, other) => one.mountPoint.length - other.mountPoint.length)[0];
}

/** Whether a path is a directory or lies below it. */
export function isWithin(directory: string, path: string): boolean {
  return directory === "/" || path === directory || path.startsWith(`${directory}/`);
}

/** Of the mount or of the file system below it. */
export function isWritable({ options, superOptions }: MountFacts): boolean {
  return !options.includes("ro") && !superOptions.includes("ro");
}

/** Devices that every process may use, because nothing is behind them. */
const plainDevices = new Set(["/null", "/zero", "/full", "/tty", "/random", "/urandom"]);

/** One device node of the host bound to a place, as OCI runtimes make /dev and mask files. */
export function isPlainDevice({ type, root }: MountFacts): boolean {
  return (type === "devtmpfs" || type === "tmpfs") && plainDevices.has(root);
}

export function describeMount({ mountPoint, type, source, options }: MountFacts): string {
  return `${mountPoint} is ${type} from ${source} (${options.join(",")})`;
}

/** Which directory of which file system a mount shows: subvolumes share a device. */
export function sourceOf({ device, root }: MountFacts): string {
  return `${device} ${root}`;
}
