/** Whether an image is what was sealed, and by whom: reads as the list of its checks. */
import { createHash } from "node:crypto";
import { Problem } from "../../base/problem.ts";
import type { Host } from "../../host/host.ts";
import { type Digest, shortDigest } from "../../model/digest.ts";
import { Manifest } from "../../model/image.ts";
import type { Layout } from "../../model/layout.ts";
import {
  Envelope,
  encodeForSigning,
  imageAlgorithm,
  payloadType,
  type SealedFile,
  Statement,
  sealedFiles,
  signatureFile,
} from "../../model/seal.ts";
import { openKeyStore } from "../../store/key-store.ts";
import type { SealCache } from "./seal-cache.ts";

export interface VerifyImageSeal {
  readonly host: Host;
  readonly layout: Layout;
  readonly digest: Digest;
  /** Read every byte again. Otherwise a file that `cache` knows, and that was not touched since, is believed. */
  readonly full: boolean;
  /** See `MeasureOptions`. */
  readonly calm?: boolean | undefined;
  readonly cache: SealCache;
  /** Where the image lies; default its place in the store. */
  readonly directory?: string;
}

export interface VerifiedSeal {
  readonly manifest: Manifest;
  readonly keyId: string;
}

/** Throws Problem IMAGE_UNKNOWN, IMAGE_UNSIGNED, IMAGE_TAMPERED. */
export async function verifyImageSeal(options: VerifyImageSeal): Promise<VerifiedSeal> {
  const { host, layout, digest } = options;
  const directory = options.directory ?? layout.image.directory(digest);
  if (!(await host.files.find(directory)))
    throw new Problem("IMAGE_UNKNOWN", `cannot use image ${shortDigest(digest)}: it is not in the store`);
  const { statement, keyId } = await openStatement(options, directory);
  const promised = promisedDigests(digest, statement);
  for (const file of sealedFiles) {
    const found = await measure(options, `${directory}/${file}`, file);
    if (found !== promised[file])
      throw tampered(digest, found === undefined ? `${file} is missing` : `${file} is not the one that was signed`);
  }
  const manifest = parseManifest(digest, await host.files.readText(`${directory}/manifest.json`));
  if (manifest.digest !== digest) throw tampered(digest, `its manifest belongs to image ${shortDigest(manifest.digest)}`);
  return { manifest, keyId };
}

/** Who signed the statement that names this image, whatever its files hold now. Throws Problem IMAGE_UNSIGNED, IMAGE_TAMPERED. */
export async function findImageSigner(options: Omit<VerifyImageSeal, "full" | "calm" | "cache">): Promise<string> {
  const directory = options.directory ?? options.layout.image.directory(options.digest);
  const { statement, keyId } = await openStatement(options, directory);
  promisedDigests(options.digest, statement);
  return keyId;
}

async function openStatement(
  { host, layout, digest }: Pick<VerifyImageSeal, "host" | "layout" | "digest">,
  directory: string,
): Promise<{ readonly statement: Statement; readonly keyId: string }> {
  const text = await host.files.findText(`${directory}/${signatureFile}`);
  if (text === undefined) throw unsigned(digest, "it has no signature");
  const envelope = Envelope.safeParse(parseJson(text));
  if (!envelope.success) throw unsigned(digest, "its signature cannot be read");
  const payload = Buffer.from(envelope.data.payload, "base64");
  const signatures = envelope.data.signatures.map((signature) => Buffer.from(signature.sig, "base64"));
  const keyId = await openKeyStore(layout).findSigner(encodeForSigning(payloadType, payload), signatures);
  if (keyId === undefined) {
    throw unsigned(digest, "no trusted key has signed it", `a public key becomes trusted by a file NAME.pem in ${layout.trustedKeys}`);
  }
  const statement = Statement.safeParse(parseJson(payload.toString("utf8")));
  if (!statement.success) throw unsigned(digest, "what was signed is no statement about an image");
  return { statement: statement.data, keyId };
}

function promisedDigests(digest: Digest, statement: Statement): Readonly<Record<SealedFile, string | undefined>> {
  const digestOf = (name: SealedFile, algorithm: string) => statement.subject.find((subject) => subject.name === name)?.digest[algorithm];
  const promised = Object.fromEntries(
    sealedFiles.map((name) => [name, digestOf(name, name === "image.erofs" ? imageAlgorithm : "sha256")]),
  );
  const { "image.erofs": image } = promised;
  if (image !== digest.slice("sha256:".length)) throw tampered(digest, "its signature belongs to another image");
  return promised as Record<SealedFile, string | undefined>;
}

async function measure({ host, digest, cache, full, calm }: VerifyImageSeal, path: string, file: SealedFile): Promise<string | undefined> {
  const status = await host.files.find(path);
  if (status?.kind !== "file") return undefined;
  const known = full ? undefined : cache.find(path, status);
  if (known !== undefined) return known;
  // What was known before must not outlive a reading that breaks off.
  cache.forget(path);
  const found = await readDigest({ host, digest, calm }, path, file);
  cache.remember(path, status, found);
  return found;
}

/** fs-verity answers EIO for a block that is not the one it was enabled on, and so does a broken disk: either way the image is gone. */
async function readDigest(
  { host, digest, calm }: Pick<VerifyImageSeal, "host" | "digest" | "calm">,
  path: string,
  file: SealedFile,
): Promise<string> {
  try {
    if (file !== "image.erofs") return sha256(await host.files.readBytes(path));
    return (await host.measure(path, { calm })).verity.slice("sha256:".length);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    throw tampered(digest, `the kernel cannot read ${file} or refuses to: ${error.message}`, error);
  }
}

function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "EIO";
}

function parseManifest(digest: Digest, text: string): Manifest {
  const manifest = Manifest.safeParse(parseJson(text));
  if (manifest.success) return manifest.data;
  throw new Problem("STATE_DAMAGED", `cannot use image ${shortDigest(digest)}: this version does not understand its manifest`, {
    cause: manifest.error,
    hint: "build it again",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tampered(digest: Digest, what: string, cause?: Error): Problem {
  return new Problem("IMAGE_TAMPERED", `cannot use image ${shortDigest(digest)}: ${what}`, {
    cause,
    hint: "remove it, then build or import it again",
  });
}

function unsigned(digest: Digest, what: string, hint = "build or import it again"): Problem {
  return new Problem("IMAGE_UNSIGNED", `cannot use image ${shortDigest(digest)}: ${what}`, { hint });
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
