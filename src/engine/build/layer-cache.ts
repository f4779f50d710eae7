/** Finished layers by key. A layer appears by rename, complete and written out, and is never changed afterwards. */
import { createHash } from "node:crypto";
import { Package } from "../../model/image.ts";
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

/** Moves a finished tree into the cache. One that is there already was made by a build with `noCache`, or at the same time: the new one takes its place. */
export async function keepLayer({ host, layout, work }: BuildContext, made: Layer): Promise<Layer> {
  const draft = `${work}/layer-${made.key}`;
  const place = `${layout.layers}/${made.key}`;
  await host.files.makeDirectory(draft);
  await host.files.rename(made.directory, `${draft}/tree`);
  await host.files.write(`${draft}/packages.json`, JSON.stringify(made.packages));
  // All of it must be on disk before its name is: after a power cut a layer is whole or absent.
  await host.run({ program: "sync", arguments: ["--file-system", draft], timeoutMs: 600_000 });
  await host.files.makeDirectory(layout.layers);
  if (await host.files.find(place)) await host.files.rename(place, `${work}/replaced-${made.key}`);
  await host.files.rename(draft, place);
  return { ...made, directory: `${place}/tree` };
}
