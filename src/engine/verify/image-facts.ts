/** The sealed image as it lies in the store: manifest, signature, digest, list of files. */
import { hash } from "node:crypto";
import { reasonOf } from "../../base/reason-of.ts";
import type { Digest } from "../../model/digest.ts";
import type { Manifest } from "../../model/image.ts";
import type { ImageFacts, ImageFileSummary, Seen } from "../../plan/checks/facts.ts";
import { summarizeImageFiles } from "../../plan/checks/image-files.ts";
import type { Engine } from "../engine.ts";
import type { Reading } from "../images.ts";
import { lookLong } from "./look.ts";

export async function readImage(engine: Engine, digest: Digest, reading: Reading): Promise<ImageFacts> {
  const seal = await lookLong(() => engine.images.verify(digest, reading));
  const { full } = reading;
  if ("unseen" in seal) return readDamagedImage(engine, { digest, full, complaint: seal.unseen });
  const { manifest, keyId } = seal.seen;
  return {
    manifest: { seen: manifest },
    signature: { keyId },
    measured: { seen: { digest: manifest.digest, how: full ? "read just now" : "its file unchanged since it was read" } },
    files: await readFileList(engine, digest, manifest),
  };
}

interface DamagedImage {
  readonly digest: Digest;
  readonly full: boolean;
  /** What the seal's own check says. */
  readonly complaint: string;
}

/** Which of its promises an image breaks that may not be run: each file is looked at by itself. */
async function readDamagedImage(engine: Engine, { digest, full, complaint }: DamagedImage): Promise<ImageFacts> {
  const manifest = await readManifest(engine, digest);
  const measured = await lookLong(() => measureImage(engine, digest, full));
  const files = "seen" in manifest ? await readFileList(engine, digest, manifest.seen) : { unseen: manifest.unseen };
  const signature = await readSignature(engine, digest);
  // A changed manifest, package list or blueprint has no row of its own: what was signed is not what lies there.
  const isElsewhere = "seen" in measured && measured.seen.digest === digest && "seen" in files;
  return { manifest, measured, files, signature: isElsewhere && "keyId" in signature ? { broken: complaint } : signature };
}

async function readManifest(engine: Engine, digest: Digest): Promise<Seen<Manifest>> {
  const answer = await lookLong(() => engine.images.findManifest(digest));
  if ("unseen" in answer) return answer;
  return answer.seen ? { seen: answer.seen } : { unseen: `the store has no manifest of ${digest}` };
}

async function readSignature({ images }: Engine, digest: Digest): Promise<ImageFacts["signature"]> {
  try {
    return { keyId: await images.findSigner(digest) };
  } catch (error) {
    return { broken: reasonOf(error) };
  }
}

async function measureImage(
  { host, layout, verifyMemory }: Engine,
  digest: Digest,
  full: boolean,
): Promise<{ digest: string; how: string }> {
  const file = layout.image.erofs(digest);
  const status = await host.files.find(file);
  if (status?.kind !== "file") throw new Error(`the image file ${file} is missing`);
  const known = full ? undefined : verifyMemory.digests.find(file, status);
  if (known !== undefined) return { digest: known, how: "its file unchanged since it was read" };
  verifyMemory.digests.forget(file);
  const { verity } = await host.measure(file);
  verifyMemory.digests.set(file, status, verity);
  return { digest: verity, how: "read just now" };
}

async function readFileList(engine: Engine, digest: Digest, manifest: Manifest): Promise<ImageFacts["files"]> {
  const { host, layout, verifyMemory } = engine;
  const file = layout.image.files(digest);
  const answer = await lookLong(async (): Promise<ImageFileSummary | string> => {
    const status = await host.files.find(file);
    if (!status) return `files.jsonl of the image is missing: ${file}`;
    const known = verifyMemory.fileLists.find(file, status);
    if (known) return known;
    const text = await host.files.readText(file);
    if (hash("sha256", text, "hex") !== manifest.filesSha256) return `files.jsonl is not the list that the manifest names: ${file}`;
    const summary = summarizeImageFiles(text);
    verifyMemory.fileLists.set(file, status, summary);
    return summary;
  });
  if ("unseen" in answer) return answer;
  return typeof answer.seen === "string" ? { broken: answer.seen } : { seen: answer.seen };
}
