/** mkfs.erofs: packs a tree into a read-only image, the same bytes from the same tree. See mkfs.erofs(1), version 1.5 and later. */

/** Any fixed value: the image's identity is its digest, and a random one would change it. */
const uuid = "00000000-0000-0000-0000-000000000000";

/** Uncompressed: start time and page cache matter more than disk space, and lz4hc takes three times as long to pack. */
export function mkfsErofsArguments(image: string, tree: string): readonly string[] {
  // -x-1: no extended attributes, so no file capabilities either.
  return ["--quiet", "-T0", `-U${uuid}`, "-x-1", image, tree];
}
