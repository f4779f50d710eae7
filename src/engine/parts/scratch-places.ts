/** Writable places made of what a manifest says: directories under in-image owners, with the image's own files where it has some. */
import type { Host } from "../../host/host.ts";
import type { DirectoryEntry } from "../../host/kernel/trees.ts";
import type { WritablePlace } from "../../model/image.ts";

export interface PlaceTree {
  /** Directory that stands for the image path `at`; its file system is not idmapped, so owners are those of the image. */
  readonly directory: string;
  /** "/" on scratch, a volume's mount point on a volume. */
  readonly at: string;
  readonly places: readonly WritablePlace[];
  /** Root of the sealed image, not idmapped. */
  readonly imageRoot: string;
}

/** Throws the error of node:fs (ENOSPC, EDQUOT), or Error where a place is no directory. */
export async function makePlaces(host: Host, tree: PlaceTree): Promise<void> {
  const { trees } = host.kernel;
  const places = tree.places.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  // All directories before any file of the image: so no symlink can be on the way to one.
  trees.makeDirectories(
    tree.directory,
    places.flatMap((place) => directoriesOf(place, tree.at)),
  );
  for (const place of places) {
    const source = place.seeded ? trees.findDirectoryInside(tree.imageRoot, place.path) : undefined;
    if (source !== undefined) await trees.copyContents(source, `${tree.directory}${pathBelow(tree.at, place.path)}`);
  }
}

function directoriesOf(place: WritablePlace, at: string): readonly DirectoryEntry[] {
  return [place, ...place.directories].map(({ path, mode, uid, gid }) => ({ path: pathBelow(at, path), mode, uid, gid }));
}

function pathBelow(at: string, path: string): string {
  return at === "/" ? path : path.slice(withoutSlash(at).length);
}

/** Whether an image path is `directory` or lies below it. */
export function isWithin(directory: string, path: string): boolean {
  const top = withoutSlash(directory);
  return withoutSlash(path) === top || path.startsWith(`${top}/`);
}

function withoutSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** The places that no volume takes over. */
export function placesOnScratch(
  places: readonly WritablePlace[],
  volumes: Readonly<Record<string, { readonly at: string }>>,
): readonly WritablePlace[] {
  return places.filter((place) => !Object.values(volumes).some((volume) => isWithin(volume.at, place.path)));
}
