/** What prune has removed, or would remove. */
import type { Digest } from "./digest.ts";
import type { Name } from "./name.ts";

export interface PrunedImage {
  readonly digest: Digest;
  readonly name: Name;
  readonly addedAtMs: number;
  /** On the disk, with everything that belongs to it. */
  readonly sizeBytes: number;
}

export interface PrunedLayer {
  readonly key: string;
  readonly lastUsedMs: number;
  readonly sizeBytes: number;
}

export interface Pruned {
  /** Nothing was removed: this is what would be. */
  readonly dryRun: boolean;
  readonly images: readonly PrunedImage[];
  readonly layers: readonly PrunedLayer[];
  /** Fetched for builds. */
  readonly packageFiles: { readonly count: number; readonly sizeBytes: number };
  readonly freedBytes: number;
}
