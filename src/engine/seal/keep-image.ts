/** Brings a finished image into the store. One that is there already stays, unless it is no longer what was sealed: then the new one takes its place. */
import { isProblem } from "../../base/problem.ts";
import type { Host } from "../../host/host.ts";
import type { Digest } from "../../model/digest.ts";
import type { Layout } from "../../model/layout.ts";
import { ImageStore } from "../../store/image-store.ts";
import { unmountFrom } from "../mount-table.ts";
import { SealCache } from "./seal-cache.ts";
import { verifyImageSeal } from "./verify-image-seal.ts";

export interface KeepImage {
  readonly host: Host;
  readonly layout: Layout;
  readonly digest: Digest;
  /** A whole image in a folder on the store's file system, written out. */
  readonly draft: string;
}

/** Answers false when the store held it already; the draft then stays where it is. */
export async function keepImage({ host, layout, digest, draft }: KeepImage): Promise<boolean> {
  if (await new ImageStore(layout).add(digest, draft)) return true;
  if (await isWhole({ host, layout, digest })) return false;
  host.kernel.fileSystem.exchangeNames(draft, layout.image.directory(digest));
  await host.files.sync(layout.images);
  // The next start must not clone a mount of the damaged file. What runs on one goes on, and verify tells it until it is reset.
  unmountFrom(host, layout.image.mount(digest));
  return true;
}

/** Still what was sealed, by a key that is trusted: every byte is read. */
export async function isWhole(image: Omit<KeepImage, "draft">): Promise<boolean> {
  try {
    await verifyImageSeal({ ...image, full: true, cache: new SealCache() });
    return true;
  } catch (error) {
    if (isProblem(error)) return false;
    throw error;
  }
}
