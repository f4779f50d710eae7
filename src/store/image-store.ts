/** The sealed images on disk, one folder each, named by digest. They appear by rename and are never changed. */
import fs from "node:fs";
import { Problem } from "../base/problem.ts";
import { Digest, shortDigest } from "../model/digest.ts";
import { type ImageSummary, Manifest } from "../model/image.ts";
import type { Layout } from "../model/layout.ts";
import type { Name } from "../model/name.ts";
import { signatureFile } from "../model/seal.ts";

export interface StoredImage {
  readonly manifest: Manifest;
  readonly addedAtMs: number;
}

/** The shortest beginning of a digest that counts as a reference. */
const shortestPrefix = 4;

export class ImageStore {
  readonly #layout: Layout;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Newest first. A folder without a readable manifest is left out: `verify` and `find` by digest say what is wrong with it. */
  async list(): Promise<readonly StoredImage[]> {
    const names = await fs.promises.readdir(this.#layout.images).catch(missingIs([]));
    const digests = names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => Digest.parse(`sha256:${name}`));
    const images = await Promise.all(digests.map((digest) => this.#read(digest).catch(() => undefined)));
    return images
      .filter((image) => image !== undefined)
      .sort((a, b) => b.addedAtMs - a.addedAtMs || (a.manifest.digest < b.manifest.digest ? -1 : 1));
  }

  /** A digest, a unique beginning of one, or an image's name, which then means the newest of that name. Throws Problem IMAGE_UNKNOWN. */
  async find(reference: string): Promise<StoredImage> {
    const exact = Digest.safeParse(reference);
    if (exact.success) return this.get(exact.data);
    const images = await this.list();
    const hex = reference.replace(/^sha256:/, "");
    const named = images.find((image) => image.manifest.name === reference);
    if (named) return named;
    const begun = hex.length >= shortestPrefix ? images.filter((image) => image.manifest.digest.startsWith(`sha256:${hex}`)) : [];
    const [first, second] = begun;
    if (first && !second) return first;
    throw new Problem(
      "IMAGE_UNKNOWN",
      `cannot find image ${reference}: ${second ? `${begun.length} digests begin so` : "no image has this name or digest"}`,
      {
        hint: "iscadm image ls shows the images",
        details: begun.map((image) => `${image.manifest.digest} ${image.manifest.name}`),
      },
    );
  }

  /** Throws Problem IMAGE_UNKNOWN or STATE_DAMAGED. */
  async get(digest: Digest): Promise<StoredImage> {
    if (!(await this.has(digest))) throw new Problem("IMAGE_UNKNOWN", `cannot find image ${shortDigest(digest)}: it is not in the store`);
    return this.#read(digest);
  }

  async has(digest: Digest): Promise<boolean> {
    return fs.promises.access(this.#layout.image.directory(digest)).then(() => true, missingIs(false));
  }

  async summarize({ manifest, addedAtMs }: StoredImage, usedBy: readonly Name[]): Promise<ImageSummary> {
    const { digest, name, sizeBytes, fileCount } = manifest;
    return { digest, name, sizeBytes, fileCount, packageCount: await this.#countPackages(digest), addedAtMs, usedBy };
  }

  async readBlueprint(digest: Digest): Promise<string> {
    return fs.promises.readFile(this.#layout.image.blueprint(digest), "utf8");
  }

  /** `draft` is a finished folder on the same file system, written out. Answers false when the image is there already; the draft then stays. */
  async add(digest: Digest, draft: string): Promise<boolean> {
    await fs.promises.mkdir(this.#layout.images, { recursive: true, mode: 0o700 });
    if (await this.has(digest)) return false;
    await fs.promises.rename(draft, this.#layout.image.directory(digest));
    const folder = await fs.promises.open(this.#layout.images, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return true;
  }

  /** @param usedBy ISCs and snapshots that need the image. Throws Problem IMAGE_IN_USE. */
  async remove(digest: Digest, usedBy: readonly string[]): Promise<void> {
    if (usedBy.length > 0) {
      throw new Problem(
        "IMAGE_IN_USE",
        `cannot remove image ${shortDigest(digest)}: ${usedBy.join(", ")} ${usedBy.length === 1 ? "needs" : "need"} it`,
        {
          hint: "destroy them first",
        },
      );
    }
    // Out of sight at once and as a whole; what a crash leaves lies in the folder that the dock empties.
    await fs.promises.mkdir(this.#layout.temporary, { recursive: true, mode: 0o700 });
    const gone = await fs.promises.mkdtemp(`${this.#layout.temporary}/removed-`);
    await fs.promises.rename(this.#layout.image.directory(digest), `${gone}/image`).catch(missingIs(undefined));
    await fs.promises.rm(gone, { recursive: true, force: true });
  }

  async #read(digest: Digest): Promise<StoredImage> {
    const [file, signature] = [this.#layout.image.manifest(digest), `${this.#layout.image.directory(digest)}/${signatureFile}`];
    const [text, stats] = await Promise.all([
      fs.promises.readFile(file, "utf8").catch((error: unknown) => {
        throw unreadable(digest, file, error);
      }),
      fs.promises.stat(signature).catch((error: unknown) => {
        throw unreadable(digest, signature, error);
      }),
    ]);
    return { manifest: parseManifest(digest, file, text), addedAtMs: Math.round(stats.mtimeMs) };
  }

  async #countPackages(digest: Digest): Promise<number> {
    const text = await fs.promises.readFile(this.#layout.image.sbom(digest), "utf8").catch(missingIs("{}"));
    return text.match(/"referenceType": ?"purl"/g)?.length ?? 0;
  }
}

function parseManifest(digest: Digest, file: string, text: string): Manifest {
  try {
    return Manifest.parse(JSON.parse(text));
  } catch (error) {
    throw unreadable(digest, file, error);
  }
}

function unreadable(digest: Digest, file: string, cause: unknown): Problem {
  const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
  return new Problem("STATE_DAMAGED", `cannot use image ${shortDigest(digest)}: ${file} is ${isMissing ? "missing" : "damaged"}`, {
    hint: "build or import it again",
    cause,
  });
}

function missingIs<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return value;
    throw error;
  };
}
