/** Images as the engine uses them: found by reference, opened only when seal and signature hold. */
import type { Host } from "../host/host.ts";
import type { Digest } from "../model/digest.ts";
import type { Manifest } from "../model/image.ts";
import type { Layout } from "../model/layout.ts";
import { sealedFiles, signatureFile } from "../model/seal.ts";
import { ImageStore } from "../store/image-store.ts";
import { unmountFrom } from "./mount-table.ts";
import { SealCache } from "./seal/seal-cache.ts";
import { findImageSigner, type VerifiedSeal, verifyImageSeal } from "./seal/verify-image-seal.ts";

export interface Reading {
  /** Every byte again, whatever is remembered. */
  readonly full: boolean;
  /** In the background, with what nobody else wants of the machine. */
  readonly calm?: boolean | undefined;
}

export class Images {
  readonly store: ImageStore;
  readonly #host: Host;
  readonly #layout: Layout;
  readonly #cache = new SealCache();
  readonly #seals = new Map<Digest, { readonly mark: string; readonly seal: VerifiedSeal }>();
  readonly #manifests = new Map<Digest, Manifest>();

  constructor(host: Host, layout: Layout) {
    this.#host = host;
    this.#layout = layout;
    this.store = new ImageStore(layout);
  }

  /** @param reference a digest, a unique beginning of one, or a name. Throws Problem IMAGE_UNKNOWN. */
  async resolve(reference: string): Promise<Digest> {
    return (await this.store.find(reference)).manifest.digest;
  }

  /** The manifest of an image that may be run: signed by a trusted key, and unchanged since. Throws Problem IMAGE_UNKNOWN, IMAGE_UNSIGNED, IMAGE_TAMPERED. */
  async open(digest: Digest): Promise<Manifest> {
    return (await this.verify(digest, { full: false })).manifest;
  }

  /** Throws as `open`. */
  async verify(digest: Digest, { full, calm }: Reading): Promise<VerifiedSeal> {
    const mark = this.#markOf(digest);
    const known = this.#seals.get(digest);
    if (!full && known?.mark === mark) return known.seal;
    // Damage below the file system changes no time: once found, it must not be forgotten over what was known before.
    this.#seals.delete(digest);
    const seal = await verifyImageSeal({ host: this.#host, layout: this.#layout, digest, full, calm, cache: this.#cache });
    this.#manifests.set(digest, seal.manifest);
    // Taken before anything was read: a change meanwhile shows at the next look.
    this.#seals.set(digest, { mark, seal });
    return seal;
  }

  /** Changes with every change of the image's files, of its signature, and of who is trusted: no program can set a time of change. */
  #markOf(digest: Digest): string {
    const directory = this.#layout.image.directory(digest);
    const files = [...sealedFiles, signatureFile].map((file) => `${directory}/${file}`);
    const keys = this.#host.files.findNow(this.#layout.trustedKeys) ? this.#host.files.listNow(this.#layout.trustedKeys) : [];
    const all = [...files, this.#layout.trustedKeys, ...keys.map((file) => `${this.#layout.trustedKeys}/${file}`)];
    return JSON.stringify(all.map((file) => [file, this.#host.files.findNow(file)]));
  }

  /** Fingerprint of the trusted key that signed for this digest, whatever the files hold now. Throws Problem IMAGE_UNSIGNED, IMAGE_TAMPERED. */
  findSigner(digest: Digest): Promise<string> {
    return findImageSigner({ host: this.#host, layout: this.#layout, digest });
  }

  /** What an image said of itself, for looking at and for stopping: nothing is started on the strength of it. */
  async findManifest(digest: Digest): Promise<Manifest | undefined> {
    const known = this.#manifests.get(digest);
    if (known) return known;
    const stored = await this.store.get(digest).catch(() => undefined);
    if (stored) this.#manifests.set(digest, stored.manifest);
    return stored?.manifest;
  }

  /** Of an image that was removed: also its mount, which would keep its bytes on the disk and serve them to the next of this digest. */
  forget(digest: Digest): void {
    unmountFrom(this.#host, this.#layout.image.mount(digest));
    this.#seals.delete(digest);
    this.#manifests.delete(digest);
  }
}
