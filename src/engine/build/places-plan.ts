/** Which places of a sealed root lie on scratch or volumes, and what must be in them when they are new. Pure. */
import type { TreeEntry } from "../../host/tree-hash.ts";
import type { PlaceDirectory, WritablePlace } from "../../model/image.ts";

export interface PlacesInput {
  /** The tree, with owners as inside the image. */
  readonly entries: readonly TreeEntry[];
  /** What services, process 1 and tmpfiles want to be there; paths without symlinks. The first to name a path decides. */
  readonly wanted: readonly PlaceDirectory[];
  /** Mount points of volumes, without symlinks. */
  readonly volumes: readonly string[];
  /** Whom root's directories are given to: the one user that runs, or root itself where several do. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

const always: ReadonlyMap<string, number> = new Map([
  ["/run", 0o755],
  ["/tmp", 0o1777],
  ["/var/log", 0o755],
  ["/var/tmp", 0o1777],
]);

/** Sorted by path, so that what is mounted below another comes after it. */
export function planPlaces(input: PlacesInput): readonly WritablePlace[] {
  const { owner } = input;
  const known = new Map<string, PlaceDirectory>();
  for (const wanted of input.wanted) if (!known.has(wanted.path)) known.set(wanted.path, wanted);
  for (const { path, kind, mode, uid, gid } of input.entries)
    if (kind === "directory" && !known.has(path)) known.set(path, { path, mode, uid, gid });
  const give = (directory: PlaceDirectory): PlaceDirectory => ({
    path: directory.path,
    mode: (directory.mode & 0o1777) | 0o700,
    uid: directory.uid === 0 ? owner.uid : directory.uid,
    gid: directory.gid === 0 ? owner.gid : directory.gid,
  });
  const paths = choosePaths(input);
  /** The innermost place that a path lies in. */
  const placeOf = (path: string) => paths.findLast((place) => isBelow(path, place));
  const directories = [...known.values()].map(give).sort(byPath);
  return paths.map((path) => ({
    ...give(known.get(path) ?? { path, mode: 0o755, uid: 0, gid: 0 }),
    ...(always.has(path) ? { mode: always.get(path) ?? 0o755, ...owner } : {}),
    directories: withParents(
      directories.filter((directory) => placeOf(directory.path) === path),
      path,
      give,
    ),
    seeded: !always.has(path) && input.entries.some((entry) => entry.kind !== "directory" && placeOf(entry.path) === path),
  }));
}

/** A wanted directory that lies in no other place is one; /var/run and the like are resolved before. */
function choosePaths({ wanted, volumes }: PlacesInput): readonly string[] {
  const chosen = new Set([...always.keys(), ...volumes]);
  for (const { path } of [...wanted].sort(byPath))
    if (![...chosen].some((place) => place === path || isBelow(path, place))) chosen.add(path);
  return [...chosen].sort();
}

/** A wanted /run/a/b needs /run/a, whoever forgot to ask for it. */
function withParents(
  directories: readonly PlaceDirectory[],
  place: string,
  give: (directory: PlaceDirectory) => PlaceDirectory,
): readonly PlaceDirectory[] {
  const all = new Map(directories.map((directory) => [directory.path, directory]));
  for (const { path } of directories) {
    for (let above = parent(path); above !== place && !all.has(above); above = parent(above))
      all.set(above, give({ path: above, mode: 0o755, uid: 0, gid: 0 }));
  }
  return [...all.values()].sort(byPath);
}

function parent(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

function isBelow(path: string, place: string): boolean {
  return path.startsWith(`${place}/`);
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
