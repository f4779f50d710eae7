/** Takes an exported image into the store: only if it is whole, and signed by a trusted key. The file may come from anybody. */
import { isProblem, Problem } from "../../base/problem.ts";
import { reasonOf } from "../../base/reason-of.ts";
import type { Host } from "../../host/host.ts";
import type { Digest } from "../../model/digest.ts";
import { Manifest } from "../../model/image.ts";
import type { Layout } from "../../model/layout.ts";
import { sealedFiles, signatureFile } from "../../model/seal.ts";
import { limitFileSize, tarExtractArguments, tarListArguments } from "../../tools/tar.ts";
import { isFullDisk } from "../build/build-context.ts";
import { withWorkDirectory } from "../build/work-directory.ts";
import { keepImage } from "./keep-image.ts";
import { SealCache } from "./seal-cache.ts";
import { type VerifiedSeal, verifyImageSeal } from "./verify-image-seal.ts";

const importTimeoutMs = 1_800_000;
const imageLimitBytes = 64 * 1024 ** 3;
/** Of each text beside the image. */
const textLimitBytes = 512 * 1024 ** 2;
const members: readonly string[] = [signatureFile, ...sealedFiles];

export interface ImportImage {
  readonly host: Host;
  readonly layout: Layout;
  /** Absolute; taken for zstd when it ends in .zst. */
  readonly file: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ImportedImage extends VerifiedSeal {
  /** The store already held it. */
  readonly unchanged: boolean;
}

/** Throws Problem IMAGE_REFUSED, IMAGE_UNSIGNED, IMAGE_TAMPERED, DISK_FULL. Nothing is left of an import that failed. */
export async function importImage(options: ImportImage): Promise<ImportedImage> {
  const { host, layout, file } = options;
  return withWorkDirectory(host, layout, async (work) => {
    const draft = `${work}/image`;
    await host.files.makeDirectory(draft);
    try {
      await extract(options, draft);
    } catch (error) {
      throw explain(file, error);
    }
    const digest = await readDigest(host, file, draft);
    const verified = await verifyImageSeal({ host, layout, digest, full: true, cache: new SealCache(), directory: draft });
    await host.run({ program: "sync", arguments: ["--file-system", draft], timeoutMs: 600_000 });
    const unchanged = !(await keepImage({ host, layout, digest, draft }));
    if (!unchanged) host.kernel.verity.enableVerity(layout.image.erofs(digest));
    return { ...verified, unchanged };
  });
}

async function extract({ host, file, signal }: ImportImage, draft: string): Promise<void> {
  const common = { timeoutMs: importTimeoutMs, ...(signal ? { signal } : {}) };
  const listed = await host.run({ program: "tar", arguments: tarListArguments(file), outputLimitBytes: 65_536, ...common });
  const names = listed.stdout.split("\n").filter((name) => name !== "");
  const odd = names.find((name, index) => !members.includes(name) || names.indexOf(name) !== index);
  if (odd !== undefined) throw refused(file, `it holds ${JSON.stringify(odd.slice(0, 200))}, which no exported image does`);
  const missing = members.find((name) => !names.includes(name));
  if (missing !== undefined) throw refused(file, `it holds no ${missing}`);
  await host.run({
    program: "prlimit",
    arguments: limitFileSize(imageLimitBytes, ["tar", ...tarExtractArguments({ file, directory: draft, members })]),
    ...common,
  });
  for (const name of members) {
    const status = await host.files.find(`${draft}/${name}`);
    if (status?.kind !== "file") throw refused(file, `${name} in it is no regular file`);
    if (name !== "image.erofs" && status.sizeBytes > textLimitBytes) throw refused(file, `${name} in it has ${status.sizeBytes} bytes`);
    await host.files.chown(`${draft}/${name}`, 0, 0);
    await host.files.chmod(`${draft}/${name}`, 0o400);
  }
}

/** Which image it says it is; whether that is true is verified next. */
async function readDigest(host: Host, file: string, draft: string): Promise<Digest> {
  try {
    return Manifest.pick({ digest: true })
      .loose()
      .parse(JSON.parse(await host.files.readText(`${draft}/manifest.json`))).digest;
  } catch (error) {
    throw refused(file, "its manifest cannot be read", error);
  }
}

function explain(file: string, error: unknown): Problem {
  if (isFullDisk(error)) return new Problem("DISK_FULL", `cannot import ${file}: no space left where images are kept`, { cause: error });
  if (isProblem(error) && error.code === "IMAGE_REFUSED") return error;
  const details = isProblem(error) ? error.details : [];
  return refused(file, reasonOf(error), error, details);
}

function refused(file: string, what: string, cause?: unknown, details: readonly string[] = []): Problem {
  return new Problem("IMAGE_REFUSED", `cannot import ${file}: ${what}`, {
    cause,
    details,
    hint: "a file for import is made by iscadm image export",
  });
}
