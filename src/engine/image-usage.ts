/** Who needs which image, and how one that nobody needs is taken away. */
import { Problem } from "../base/problem.ts";
import type { Digest } from "../model/digest.ts";
import { shortDigest } from "../model/digest.ts";
import { instancesOf } from "../model/isc.ts";
import type { Name } from "../model/name.ts";
import type { Engine } from "./engine.ts";
import { unmountAll } from "./parts/root-mount.ts";
import { imagesOfSnapshots } from "./snapshots.ts";

export interface ImageUsage {
  readonly usage: ReadonlyMap<Digest, readonly Name[]>;
  /** Snapshots that cannot be read: they may need any image. */
  readonly damaged: readonly Problem[];
}

/** ISCs and snapshots by the image they need. */
export async function readImageUsage(engine: Engine): Promise<ImageUsage> {
  const usage = new Map<Digest, Set<Name>>();
  const add = (digest: Digest, name: Name) => void usage.set(digest, (usage.get(digest) ?? new Set()).add(name));
  for (const record of engine.iscs.list()) for (const { image } of instancesOf(record)) add(image, record.name);
  const { images: needed, damaged } = await imagesOfSnapshots(engine);
  for (const [digest, names] of needed) for (const name of names) add(digest, name);
  return { usage: new Map([...usage].map(([digest, names]) => [digest, [...names]])), damaged };
}

/** The caller holds the lock "*": no ISC may be made from it in between. Throws Problem IMAGE_IN_USE, STATE_DAMAGED. */
export async function removeImage(engine: Engine, digest: Digest, { usage, damaged }: ImageUsage): Promise<void> {
  if (damaged[0]) throw unsureWhoNeeds(`image ${shortDigest(digest)}`, damaged[0]);
  await engine.images.store.remove(digest, usage.get(digest) ?? []);
  // A mounted file keeps its room on the disk.
  unmountAll(engine, engine.layout.image.mount(digest));
  engine.images.forget(digest);
}

/** @param what "image 3f9a1c77", "images" */
export function unsureWhoNeeds(what: string, { code, message, hint }: Problem): Problem {
  return new Problem(code, `cannot remove ${what}: nobody can tell who needs ${what === "images" ? "them" : "it"}: ${message}`, { hint });
}
