/** From a finished tree to a signed image in the store: list, pack, measure, sign, and one rename. */
import { createHash } from "node:crypto";
import type { TreeEntry } from "../../host/tree-hash.ts";
import { Digest } from "../../model/digest.ts";
import { Manifest, type Package } from "../../model/image.ts";
import { type Envelope, encodeForSigning, payloadType, signatureFile } from "../../model/seal.ts";
import { renderProvenance } from "../../render/provenance.ts";
import { renderSbom } from "../../render/sbom.ts";
import { openKeyStore } from "../../store/key-store.ts";
import { mkfsErofsArguments } from "../../tools/mkfs-erofs.ts";
import { confinedDirectory, runConfined } from "../../tools/unshare.ts";
import type { BuildContext } from "../build/build-context.ts";
import { buildIds } from "../build/build-ids.ts";
import { listFileRecords, renderFileRecords } from "./file-records.ts";
import { keepImage } from "./keep-image.ts";

const packTimeoutMs = 1_800_000;

export interface PackedImage {
  readonly file: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** @param place a folder owned by the image, which holds `tree` */
export async function packImage({ host, signal }: BuildContext, place: string, tree: string): Promise<PackedImage> {
  await runConfined(
    host,
    { ids: buildIds, from: "files" },
    {
      program: "mkfs.erofs",
      arguments: mkfsErofsArguments(`${confinedDirectory}/image.erofs`, `${confinedDirectory}/${tree}`),
      workingDirectory: place,
      timeoutMs: packTimeoutMs,
      ...(signal ? { signal } : {}),
    },
  );
  const file = `${place}/image.erofs`;
  await host.files.chown(file, 0, 0);
  await host.files.chmod(file, 0o400);
  const { verity, sizeBytes } = await host.measure(file);
  return { file, digest: Digest.parse(verity), sizeBytes };
}

export interface SealInput {
  readonly packed: PackedImage;
  readonly entries: readonly TreeEntry[];
  readonly packages: readonly Package[];
  readonly blueprintText: string;
  readonly manifest: Omit<Manifest, "digest" | "sizeBytes" | "fileCount" | "filesSha256" | "sbomSha256">;
}

export interface Sealed {
  readonly manifest: Manifest;
  /** The store already held it. */
  readonly unchanged: boolean;
}

export async function sealImage(context: BuildContext, input: SealInput): Promise<Sealed> {
  const { host, layout, work } = context;
  const { packed, packages, blueprintText } = input;
  const records = listFileRecords(input.entries);
  const files = renderFileRecords(records);
  const filesSha256 = sha256(files);
  const sbom = renderSbom({ name: input.manifest.name, filesSha256, packages });
  const { digest, sizeBytes } = packed;
  const manifest = Manifest.parse({
    ...input.manifest,
    digest,
    sizeBytes,
    fileCount: records.length,
    filesSha256,
    sbomSha256: sha256(sbom),
  });
  const texts = {
    "manifest.json": `${JSON.stringify(manifest, undefined, 1)}\n`,
    "files.jsonl": files,
    "sbom.json": sbom,
    "blueprint.yaml": blueprintText,
  };
  const provenance = renderProvenance({
    imageDigest: digest.slice("sha256:".length),
    files: {
      "manifest.json": sha256(texts["manifest.json"]),
      "files.jsonl": filesSha256,
      "sbom.json": manifest.sbomSha256,
      "blueprint.yaml": sha256(blueprintText),
    },
    from: manifest.from,
    slim: manifest.slim,
    packages,
  });
  const draft = `${work}/sealed`;
  await host.files.makeDirectory(draft);
  for (const [name, text] of Object.entries({ ...texts, [signatureFile]: await signStatement(context, provenance) }))
    await host.files.write(`${draft}/${name}`, text, 0o400);
  await host.files.rename(packed.file, `${draft}/image.erofs`);
  await host.run({ program: "sync", arguments: ["--file-system", draft], timeoutMs: 600_000 });
  const unchanged = !(await keepImage({ host, layout, digest, draft }));
  // Where the kernel can, it checks every read from now on; where not, the digest is checked by reading.
  if (!unchanged) host.kernel.verity.enableVerity(layout.image.erofs(digest));
  return { manifest, unchanged };
}

async function signStatement({ layout }: BuildContext, statement: string): Promise<string> {
  const payload = Buffer.from(statement);
  const signature = await openKeyStore(layout).sign(encodeForSigning(payloadType, payload));
  const envelope: Envelope = {
    payloadType,
    payload: payload.toString("base64"),
    signatures: [{ keyid: signature.keyId, sig: signature.bytes.toString("base64") }],
  };
  return `${JSON.stringify(envelope)}\n`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
