/** Prune: images that nobody needs, the build layers that no image left would be built from again, and packages fetched for them long ago. */
import type { Digest } from "../model/digest.ts";
import type { ReportProgress } from "../model/progress.ts";
import type { Pruned, PrunedImage, PrunedLayer } from "../model/pruned.ts";
import { measureDiskUse } from "../tools/du.ts";
import { listUnusedLayers, removeLayer, withCacheLock } from "./build/layer-cache.ts";
import { listOldPackageFiles } from "./build/package-files.ts";
import type { Engine } from "./engine.ts";
import { readImageUsage, removeImage, unsureWhoNeeds } from "./image-usage.ts";

export interface PruneOptions {
  /** What has been made or used since is kept. */
  readonly olderThanMs: number;
  /** Only says what would be removed. */
  readonly dryRun: boolean;
  readonly report: ReportProgress;
  readonly signal: AbortSignal | undefined;
}

/** Waits for a build that uses the cache. Safe to repeat. Throws Problem STATE_DAMAGED when a snapshot cannot say which image it needs. */
export function prune(engine: Engine, { olderThanMs, dryRun, report, signal }: PruneOptions): Promise<Pruned> {
  const { host, layout } = engine;
  const sinceMs = host.now() - olderThanMs;
  return withCacheLock({ host, layout, report, signal }, "prune images", async () => {
    const images = await engine.locks.run("*", () => pruneImages(engine, sinceMs, dryRun));
    const layers = await pruneLayers(engine, { sinceMs, dryRun, gone: new Set(images.map(({ digest }) => digest)) });
    const packageFiles = await prunePackageFiles(engine, sinceMs, dryRun);
    const all = [...images, ...layers, packageFiles];
    return { dryRun, images, layers, packageFiles, freedBytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
  });
}

async function pruneImages(engine: Engine, sinceMs: number, dryRun: boolean): Promise<readonly PrunedImage[]> {
  const needed = await readImageUsage(engine);
  const stored = await engine.images.store.list();
  const unused = stored.filter(({ manifest, addedAtMs }) => !needed.usage.has(manifest.digest) && addedAtMs <= sinceMs);
  if (unused.length > 0 && needed.damaged[0]) throw unsureWhoNeeds("images", needed.damaged[0]);
  const sizes = await measureDiskUse(
    engine.host,
    unused.map(({ manifest }) => engine.layout.image.directory(manifest.digest)),
  );
  if (!dryRun) for (const { manifest } of unused) await removeImage(engine, manifest.digest, needed);
  return unused.map(({ manifest: { digest, name }, addedAtMs }, index) => ({ digest, name, addedAtMs, sizeBytes: sizes[index] ?? 0 }));
}

interface LayerOptions {
  readonly sinceMs: number;
  readonly dryRun: boolean;
  readonly gone: ReadonlySet<Digest>;
}

async function pruneLayers(engine: Engine, { sinceMs, dryRun, gone }: LayerOptions): Promise<readonly PrunedLayer[]> {
  const { host, layout } = engine;
  const unused = await listUnusedLayers({ host, layout }, sinceMs, await layersOfImages(engine, gone));
  const sizes = await measureDiskUse(
    host,
    unused.map(({ directory }) => directory),
  );
  if (!dryRun) for (const layer of unused) await removeLayer({ host, layout }, layer);
  return unused.map(({ key, lastUsedMs }, index) => ({ key, lastUsedMs, sizeBytes: sizes[index] ?? 0 }));
}

/** Of every image that stays, damaged ones too. */
async function layersOfImages({ host, layout }: Engine, gone: ReadonlySet<Digest>): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for (const name of await host.files.findList(layout.images)) {
    const digest = `sha256:${name}` as Digest; // A folder of another kind has no such file.
    const text = gone.has(digest) ? undefined : await host.files.findText(layout.image.layers(digest));
    for (const key of text === undefined ? [] : (JSON.parse(text) as readonly string[])) keys.add(key);
  }
  return keys;
}

async function prunePackageFiles({ host, layout }: Engine, sinceMs: number, dryRun: boolean): Promise<Pruned["packageFiles"]> {
  const old = await listOldPackageFiles({ host, layout }, sinceMs);
  if (!dryRun) for (const { path } of old) await host.files.remove(path);
  return { count: old.length, sizeBytes: old.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}
