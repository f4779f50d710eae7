/** An image as one file, to carry to another dock. */
import { posix } from "node:path";
import { Problem } from "../../base/problem.ts";
import { reasonOf } from "../../base/reason-of.ts";
import type { Host } from "../../host/host.ts";
import { type Digest, shortDigest } from "../../model/digest.ts";
import type { Layout } from "../../model/layout.ts";
import { sealedFiles, signatureFile } from "../../model/seal.ts";
import { tarCreateArguments } from "../../tools/tar.ts";
import { isFullDisk } from "../build/build-context.ts";

const exportTimeoutMs = 1_800_000;

export interface ExportImage {
  readonly host: Host;
  readonly layout: Layout;
  readonly digest: Digest;
  /** Absolute; compressed when it ends in .zst. What is there is replaced, once the new file is whole. */
  readonly file: string;
  readonly signal?: AbortSignal | undefined;
}

/** Verify the image before: what is exported is what lies in the store. Throws Problem SEAL_FAILED or DISK_FULL. */
export async function exportImage({ host, layout, digest, file, signal }: ExportImage): Promise<void> {
  const compressed = file.endsWith(".zst") ? ".zst" : "";
  const draft = `${posix.dirname(file)}/.${posix.basename(file)}.part${compressed}`;
  const members = [signatureFile, ...sealedFiles];
  try {
    await host.run({
      program: "tar",
      arguments: tarCreateArguments({ file: draft, directory: layout.image.directory(digest), members }),
      timeoutMs: exportTimeoutMs,
      ...(signal ? { signal } : {}),
    });
    await host.files.sync(draft);
    await host.files.rename(draft, file);
  } catch (error) {
    throw explain(digest, file, error);
  } finally {
    await host.files.remove(draft);
  }
}

function explain(digest: Digest, file: string, cause: unknown): Problem {
  if (isFullDisk(cause))
    return new Problem("DISK_FULL", `cannot export image ${shortDigest(digest)}: no space left for ${file}`, { cause });
  const message = reasonOf(cause);
  return new Problem("SEAL_FAILED", `cannot export image ${shortDigest(digest)} to ${file}: ${message}`, { cause });
}
