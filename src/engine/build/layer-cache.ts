/** Finished layers by key. A layer appears by rename, complete and written out, and is never changed afterwards. */
import { createHash } from "node:crypto";
import { Problem } from "../../base/problem.ts";
import type { Host } from "../../host/host.ts";
import { tryLockFile } from "../../host/kernel/lock.ts";
import { Package } from "../../model/image.ts";
import { isError } from "../mount-table.ts";
import type { BuildContext } from "./build-context.ts";

/** Goes up when the same inputs no longer make the same layer. */
const format = 2;

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

export async function findLayer({ host, layout, noCache }: BuildContext, key: string): Promise<Layer | undefined> {
  if (noCache) return undefined;
  const text = await host.files.findText(`${layout.layers}/${key}/packages.json`);
  return text === undefined
    ? undefined
    : { key, directory: `${layout.layers}/${key}/tree`, packages: Package.array().parse(JSON.parse(text)) };
}

/** Moves a finished tree into the cache. One that is there already is replaced: it was not wanted (`noCache`), and the cache is ours alone meanwhile. */
export async function keepLayer({ host, layout }: BuildContext, made: Layer): Promise<Layer> {
  const { files } = host;
  const [draft, place, replaced] = [`${layout.layers}/draft`, `${layout.layers}/${made.key}`, `${layout.layers}/replaced`];
  await files.remove(draft);
  await files.makeDirectory(draft);
  await moveTree(host, made.directory, `${draft}/tree`);
  await files.write(`${draft}/packages.json`, JSON.stringify(made.packages));
  // All of it must be on disk before its name is: after a power cut a layer is whole or absent.
  await host.run({ program: "sync", arguments: ["--file-system", draft], timeoutMs: 600_000 });
  await files.remove(replaced);
  if (await files.find(place)) await files.rename(place, replaced);
  await files.rename(draft, place);
  await files.remove(replaced);
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

const lockPollMs = 100;

/** One build at a time uses a cache, which several docks may share. The kernel lets go of the lock when its holder dies. */
export async function withCacheLock<T>(context: BuildContext, use: () => Promise<T>): Promise<T> {
  const { host, layout, signal, report, blueprint } = context;
  await host.files.makeDirectory(layout.layers);
  const take = () => tryLockFile(`${layout.layers}/lock`);
  let lock = take();
  if (!lock) report({ step: "wait", text: "waiting for another build" });
  while (!lock) {
    await host.sleep(lockPollMs);
    if (signal?.aborted)
      throw new Problem("BUILD_FAILED", `cannot build ${blueprint.name}: it was stopped while it waited for another build`);
    lock = take();
  }
  using _ = lock;
  return await use();
}
