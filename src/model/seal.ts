/** What is signed: a DSSE envelope (secure-systems-lab/dsse) around an in-toto statement with SLSA provenance. */
import { z } from "zod";

export const statementType = "https://in-toto.io/Statement/v1";
export const predicateType = "https://slsa.dev/provenance/v1";
export const payloadType = "application/vnd.in-toto+json";

export const Envelope = z.object({
  payloadType: z.literal(payloadType),
  /** base64 */
  payload: z.string(),
  signatures: z.array(z.object({ keyid: z.string(), sig: z.string() })).max(64),
});
export type Envelope = z.infer<typeof Envelope>;

export const Statement = z.object({
  _type: z.literal(statementType),
  predicateType: z.literal(predicateType),
  /** Algorithm to hexadecimal digest, by file name. "fsverity-sha256" is ours: the image's identity. */
  subject: z.array(z.object({ name: z.string(), digest: z.record(z.string(), z.string()) })),
  predicate: z.unknown(),
});
export type Statement = z.infer<typeof Statement>;

/** Files of a sealed image beside its signature. */
export const sealedFiles = ["image.erofs", "manifest.json", "files.jsonl", "sbom.json", "blueprint.yaml"] as const;
export type SealedFile = (typeof sealedFiles)[number];
export const signatureFile = "provenance.dsse.json";
/** The image is known by its fs-verity digest; everything else by a plain SHA-256. */
export const imageAlgorithm = "fsverity-sha256";

/** The bytes that are signed: the pre-authentication encoding of DSSE. */
export function encodeForSigning(type: string, payload: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(`DSSEv1 ${new TextEncoder().encode(type).length} ${type} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}
