/** Host ids that own the files of layers and of builds: nothing of an image is ever root's on the host, not even a setuid program in a cache. */
import type { Host } from "../../host/host.ts";
import type { TreeEntry } from "../../host/tree-hash.ts";

/** Directly below the ranges of running ISCs (model/identity.ts), so that no ISC shares them. Builds of several docks may: each has its own user namespace. */
export const buildIds = { hostId: 0x7000_0000 - 65_536, count: 65_536 } as const;

export function hostId(imageId: number): number {
  return buildIds.hostId + imageId;
}

/** Throws for an owner that an image cannot have. */
export function imageId(id: number, path: string): number {
  const inside = id - buildIds.hostId;
  if (inside < 0 || inside >= buildIds.count) throw new Error(`${path} is owned by ${id}, which no user of an image can be`);
  return inside;
}

/** The same entries with owners as inside the image. */
export function withImageIds(entries: readonly TreeEntry[]): readonly TreeEntry[] {
  return entries.map((entry) => ({ ...entry, uid: imageId(entry.uid, entry.path), gid: imageId(entry.gid, entry.path) }));
}

/** Hands a file that the dock made to the image's root. */
export async function giveToImage(host: Host, path: string, uid = 0, gid = 0): Promise<void> {
  await host.files.chown(path, hostId(uid), hostId(gid));
}

/** A new directory owned by the image's root; those above it must be there. */
export async function makeImageDirectory(host: Host, path: string, mode = 0o755): Promise<void> {
  await host.files.makeDirectory(path, mode);
  await host.files.chmod(path, mode);
  await giveToImage(host, path);
}
