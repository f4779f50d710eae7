/** The identity of an image: the fs-verity digest (SHA-256, 4096-byte blocks, no salt) of its EROFS file, as `fsverity digest` prints it. */
import { z } from "zod";

const digestPattern = /^sha256:[0-9a-f]{64}$/;

export const Digest = z.string().regex(digestPattern, "must be sha256: and 64 hexadecimal digits").brand<"Digest">();
export type Digest = z.infer<typeof Digest>;

/** The first 12 hexadecimal digits: what tables show and what commands accept. */
export function shortDigest(digest: Digest): string {
  return digest.slice("sha256:".length, "sha256:".length + 12);
}
