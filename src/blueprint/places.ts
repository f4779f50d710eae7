/** Which places of the root may be covered by something writable. All paths are image paths without a trailing slash. */

const kernel = ["/proc", "/sys", "/dev"];
/** Sealed programs and the kernel's views: nothing writable may ever cover them. */
const neverWritable = [...kernel, "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/boot"];
/** Thrown away at every reset by their meaning, so no place for data that lasts. */
const thrownAway = ["/run", "/tmp", "/var/run", "/var/tmp", "/var/lock"];

export function isBelow(path: string, place: string): boolean {
  return path === place || path.startsWith(place === "/" ? "/" : `${place}/`);
}

/** Why a volume cannot be mounted there, or undefined. */
export function findVolumeObstacle(path: string): string | undefined {
  if (["/", "/var", "/var/lib", "/etc"].includes(path)) return `${path} belongs to the sealed image`;
  const place = [...neverWritable, "/etc", ...thrownAway].find((candidate) => isBelow(path, candidate));
  if (place === undefined) return undefined;
  return thrownAway.includes(place) ? `${place} is thrown away at every reset` : `${place} belongs to the sealed image`;
}

/** Why a place cannot lie on scratch, or undefined. */
export function findScratchObstacle(path: string): string | undefined {
  if (["/", "/var", "/var/lib", "/etc"].includes(path)) return `${path} belongs to the sealed image`;
  const place = neverWritable.find((candidate) => isBelow(path, candidate));
  return place === undefined ? undefined : `${place} belongs to the sealed image`;
}

/** Why nothing can be laid there, or undefined: what is mounted over a place would hide it. */
export function findOverlayObstacle(path: string): string | undefined {
  const place = [...kernel, "/run", "/tmp", "/var/run", "/var/tmp", "/var/log"].find((candidate) => isBelow(path, candidate));
  return place === undefined ? undefined : `cannot be laid: something else is mounted over ${place} when an ISC runs`;
}
