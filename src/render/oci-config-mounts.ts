/** What is mounted over an ISC's root, parents before what lies below them. */
import type { Manifest } from "../model/image.ts";
import { etcFileNames } from "./etc-files.ts";
import type { OciConfigInput, OciMount } from "./oci-config-types.ts";

/** The mounts' sources are made by the dock, with their flags; what is asked for here can only take rights away. */
export function renderOciMounts(input: OciConfigInput): readonly OciMount[] {
  return [...renderKernelMounts(input), ...[...renderOverlays(input), ...renderPlaces(input)].sort(byDepth), ...renderEtcMounts(input)];
}

/**
 * /sys is left out: the network namespace belongs to the host's user namespace, so mounting sysfs is refused (sysfs(5) shows
 * network devices), and the host's own /sys would tell about the host. gVisor has a /sys of its own making.
 * cgroup files are left out too: nothing in an ISC has business with its limits.
 */
function renderKernelMounts({ manifest, runtime }: OciConfigInput): readonly OciMount[] {
  const shmBytes = Math.min(maxShmBytes, Math.floor(manifest.posture.limits.memoryBytes / 2));
  return [
    { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
    // The runtimes fill /dev first and make it read-only at the end.
    { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "noexec", "strictatime", "mode=755", "size=64k", "ro"] },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    { destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "noexec", "nodev", "mode=1777", `size=${shmBytes}`] },
    ...(runtime === "runsc" ? [{ destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] }] : []),
  ];
}

/** As moby and podman have it; all of it counts against the memory limit. */
const maxShmBytes = 64 * 1024 * 1024;

function renderOverlays({ record, layout, overlays }: OciConfigInput): readonly OciMount[] {
  return overlays.map((directory) => bind(layout.live.overlayMount(record.name, directory), directory, "rw"));
}

/** Places on scratch, and volumes. A place at or below a volume's mount point lies on the volume, and is in its mount already. */
function renderPlaces({ manifest, record, layout }: OciConfigInput): readonly OciMount[] {
  const volumes = listVolumes(manifest);
  const onScratch = manifest.places.filter(({ path }) => !volumes.some(({ at }) => isAtOrBelow(path, at)));
  return [
    ...onScratch.map(({ path }) => bind(`${layout.live.placesMount(record.name)}${trim(path)}`, trim(path), "rw")),
    ...volumes.map(({ name, at }) => bind(layout.live.volumeMount(record.name, name), at, "rw")),
  ];
}

/** The profile `strict` has no volumes: their places lie on scratch like all others. */
function listVolumes({ posture }: Manifest) {
  if (posture.writes === "strict") return [];
  // The record's keys were parsed as names.
  return Object.entries(posture.volumes).map(([name, { at }]) => ({ name: name as keyof typeof posture.volumes, at: trim(at) }));
}

function renderEtcMounts({ record, layout }: OciConfigInput): readonly OciMount[] {
  return etcFileNames.map((file) => bind(`${layout.live.etc(record.name)}/${file}`, `/etc/${file}`, "ro"));
}

function bind(source: string, destination: string, access: "rw" | "ro"): OciMount {
  return { destination, type: "bind", source, options: ["bind", "private", access, "nosuid", "nodev", "noexec"] };
}

function isAtOrBelow(path: string, directory: string): boolean {
  return trim(path) === directory || path.startsWith(`${directory}/`);
}

/** Image paths of directories may end in a slash. */
function trim(path: string): string {
  return path.replace(/\/$/, "");
}

function byDepth(one: OciMount, other: OciMount): number {
  return depthOf(one) - depthOf(other) || (one.destination < other.destination ? -1 : 1);
}

function depthOf({ destination }: OciMount): number {
  return destination.split("/").length;
}
