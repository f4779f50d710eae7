/**
 * Finished layers by key. A layer appears by rename, complete and written out, and is never changed afterwards; only the time of its file
 * `used` tells when a build last rested on it.
 */
import { createHash } from "node:crypto";
import { Problem } from "../../base/problem.ts";
import type { Host } from "../../host/host.ts";
import { tryLockFile } from "../../host/kernel/lock.ts";
import { Package } from "../../model/image.ts";
import { isError } from "../mount-table.ts";
import type { BuildContext } from "./build-context.ts";

/** Goes up when the same inputs no longer make the same layer. */
const format = 2;

/** Its time of change is that of the layer's last use. */
const usedFile = "used";

export interface Layer {
  readonly key: string;
  /** A whole tree for the lowest layer, for the others what they change. */
  readonly directory: string;
  /** What is installed with this layer on top of those below; absent where the layer does not change that. */
  readonly packages: readonly Package[];
}

export function layerKey(kind: string, ...inputs: readonly unknown[]): string {
  return createHash("sha256")
    .update(JSON.stringify([format, kind, inputs]))
    .digest("hex")
    .slice(0, 32);
}

export async function findLayer({ host, layout, noCache, onLayer }: BuildContext, key: string): Promise<Layer | undefined> {
  if (noCache) return undefined;
  const text = await host.files.findText(`${layout.layers}/${key}/packages.json`);
  if (text === undefined) return undefined;
  await host.files.write(`${layout.layers}/${key}/${usedFile}`, "");
  onLayer?.(key);
  return { key, directory: `${layout.layers}/${key}/tree`, packages: Package.array().parse(JSON.parse(text)) };
}

/** Moves a finished tree into the cache. One that is there already is replaced: it was not wanted (`noCache`), and the cache is ours alone meanwhile. */
export async function keepLayer({ host, layout, onLayer }: BuildContext, made: Layer): Promise<Layer> {
  const { files } = host;
  const [draft, place, replaced] = [`${layout.layers}/draft`, `${layout.layers}/${made.key}`, `${layout.layers}/replaced`];
  await files.remove(draft);
  await files.makeDirectory(draft);
  await moveTree(host, made.directory, `${draft}/tree`);
  await files.write(`${draft}/packages.json`, JSON.stringify(made.packages));
  await files.write(`${draft}/${usedFile}`, "");
  // All of it must be on disk before its name is: after a power cut a layer is whole or absent.
  await host.run({ program: "sync", arguments: ["--file-system", draft], timeoutMs: 600_000 });
  await files.remove(replaced);
  if (await files.find(place)) await files.rename(place, replaced);
  await files.rename(draft, place);
  await files.remove(replaced);
  onLayer?.(made.key);
  return { ...made, directory: `${place}/tree` };
}

/** The cache may lie on another file system than the build. */
async function moveTree({ files }: Host, from: string, to: string): Promise<void> {
  try {
    await files.rename(from, to);
  } catch (error) {
    if (!isError(error, "EXDEV")) throw error;
    await files.copyTree(from, to);
  }
}

export interface UnusedLayer {
  readonly key: string;
  readonly directory: string;
  readonly lastUsedMs: number;
}

/** Layers that no build has rested on since then, but for those of which it is known that builds would. The caller holds the cache's lock. */
export async function listUnusedLayers(
  { host, layout }: Cache,
  sinceMs: number,
  wanted: ReadonlySet<string>,
): Promise<readonly UnusedLayer[]> {
  const unused: UnusedLayer[] = [];
  for (const key of await host.files.findList(layout.layers)) {
    if (!/^[0-9a-f]{32}$/.test(key) || wanted.has(key)) continue;
    const directory = `${layout.layers}/${key}`;
    const status = (await host.files.find(`${directory}/${usedFile}`)) ?? (await host.files.find(directory));
    if (status && status.modifiedMs <= sinceMs) unused.push({ key, directory, lastUsedMs: Math.round(status.modifiedMs) });
  }
  return unused;
}

/** Out of sight at once and as a whole: half a layer must not be found. The caller holds the cache's lock. */
export async function removeLayer({ host, layout }: Cache, { directory }: UnusedLayer): Promise<void> {
  const replaced = `${layout.layers}/replaced`;
  await host.files.remove(replaced);
  await host.files.rename(directory, replaced);
  await host.files.remove(replaced);
}

type Cache = Pick<BuildContext, "host" | "layout">;

const lockPollMs = 100;

/**
 * One build at a time uses a cache, which several docks may share. The kernel lets go of the lock when its holder dies.
 * @param purpose for the sentence of who is stopped while waiting: "build web"
 */
export async function withCacheLock<T>(
  context: Pick<BuildContext, "host" | "layout" | "signal" | "report">,
  purpose: string,
  use: () => Promise<T>,
): Promise<T> {
  const { host, layout, signal, report } = context;
  await host.files.makeDirectory(layout.layers);
  const take = () => tryLockFile(`${layout.layers}/lock`);
  let lock = take();
  if (!lock) report({ step: "wait", text: "waiting for another build" });
  while (!lock) {
    await host.sleep(lockPollMs);
    if (signal?.aborted) throw new Problem("BUILD_FAILED", `cannot ${purpose}: it was stopped while it waited for another build`);
    lock = take();
  }
  using _ = lock;
  return await use();
}
