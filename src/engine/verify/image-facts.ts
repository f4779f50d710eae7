/** The sealed image as it lies in the store: manifest, signature, digest, list of files. */
import { hash } from "node:crypto";
import { isProblem } from "../../base/problem.ts";
import type { Digest } from "../../model/digest.ts";
import type { Manifest } from "../../model/image.ts";
import type { ImageFacts, ImageFileSummary, Seen } from "../../plan/checks/facts.ts";
import { summarizeImageFiles } from "../../plan/checks/image-files.ts";
import type { Engine } from "../engine.ts";
import { lookLong, orUndefined, wordsOf } from "./look.ts";

/** @param full read the whole image file again, whatever is remembered of it */
export async function readImage(engine: Engine, digest: Digest, full: boolean): Promise<ImageFacts> {
  const manifest = await readManifest(engine, digest);
  return {
    manifest,
    signature: await readSignature(engine, digest),
    measured: await lookLong(() => measureImage(engine, digest, full)),
    files: "seen" in manifest ? await readFileList(engine, digest, manifest.seen) : { unseen: manifest.unseen },
  };
}

async function readManifest(engine: Engine, digest: Digest): Promise<Seen<Manifest>> {
  const answer = await lookLong(() => engine.images.findManifest(digest));
  if ("unseen" in answer) return answer;
  return answer.seen ? { seen: answer.seen } : { unseen: `the store has no manifest of ${digest}` };
}

async function readSignature({ images }: Engine, digest: Digest): Promise<ImageFacts["signature"]> {
  try {
    await images.open(digest);
    return { keyId: "unknown" };
  } catch (error) {
    return { broken: isProblem(error) ? error.message : wordsOf(error) };
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
  const enforced = orUndefined(() => host.kernel.verity.measureVerity(file));
  if (enforced !== undefined && !full) return { digest: `sha256:${enforced}`, how: "fs-verity, held by the kernel" };
  const known = full ? undefined : verifyMemory.digests.find(file, status);
  if (known !== undefined) return { digest: known, how: "read before, the file unchanged since" };
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
