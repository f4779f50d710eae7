/** The layer above all sources: takes out what no image may hold, and what a slim one does without. */
import type { TreeEntry } from "../../host/tree-hash.ts";
import type { Package } from "../../model/image.ts";
import { dpkgListPaths } from "../../tools/dpkg.ts";
import type { BuildContext } from "./build-context.ts";
import { withImageIds } from "./build-ids.ts";
import { planCleaning, zeroPythonTime } from "./clean-plan.ts";
import { findLayer, keepLayer, layerKey } from "./layer-cache.ts";
import { mountOverlay } from "./overlay-mount.ts";
import { findTextInside } from "./resolve-inside.ts";
import type { RootLayers } from "./root-source.ts";
import { isDispensable, planSlimming } from "./slim-plan.ts";

/** Goes up when the rules of slim-plan or clean-plan change. */
const rules = 2;

export async function ensureCleanLayer(
  context: BuildContext,
  source: RootLayers,
): Promise<{ readonly layers: RootLayers; readonly cached: boolean }> {
  const { slim } = context.blueprint;
  const key = source.key === undefined ? undefined : layerKey("clean", source.key, slim, rules);
  const found = key === undefined ? undefined : await findLayer(context, key);
  const layer = found ?? (await clean(context, source, slim, key));
  return { layers: { ...source, lower: [...source.lower, layer.directory], packages: layer.packages }, cached: found !== undefined };
}

async function clean(
  context: BuildContext,
  source: RootLayers,
  slim: boolean,
  key: string | undefined,
): Promise<{ readonly directory: string; readonly packages: readonly Package[] }> {
  const place = `${context.work}/clean-${key ?? "once"}`;
  const packages = slim ? source.packages.filter((pkg) => !isDispensable(pkg)) : source.packages;
  const directory = await mounted();
  return key === undefined ? { directory, packages } : keepLayer(context, { key, directory, packages });

  async function mounted(): Promise<string> {
    await using overlay = await mountOverlay(context.host, source.lower, place);
    const entries = withImageIds(await context.readTree(overlay.tree));
    await apply(context, overlay.tree, entries, slim ? source.packages : []);
    return overlay.upper;
  }
}

/** @param slimmed all installed packages, none to keep everything */
async function apply({ host }: BuildContext, tree: string, entries: readonly TreeEntry[], slimmed: readonly Package[]): Promise<void> {
  const { files } = host;
  const listed = (pkg: Package) => dpkgListPaths(pkg).flatMap((path) => findTextInside(files, tree, path)?.split("\n") ?? []);
  const plan = planCleaning(entries);
  const removed = [...plan.remove, ...(slimmed.length === 0 ? [] : planSlimming(entries, slimmed, listed))];
  for (const path of plan.empty) for (const name of await listInside(path)) await files.remove(`${tree}${path}/${name}`);
  for (const path of removed) await files.remove(`${tree}${path}`);
  const gone = new Set(removed);
  const isGone = (path: string) => [...parents(path)].some((above) => gone.has(above) || (plan.empty.includes(above) && above !== path));
  for (const { path, mode } of plan.chmod) if (!isGone(path)) await files.chmod(`${tree}${path}`, mode);
  for (const { path, kind } of entries)
    if (kind === "file" && path.endsWith(".pyc") && !isGone(path)) await resetPythonTime(`${tree}${path}`);

  async function listInside(path: string): Promise<readonly string[]> {
    const kind = entries.find((entry) => entry.path === path)?.kind;
    return kind === "directory" ? files.list(`${tree}${path}`) : [];
  }

  async function resetPythonTime(file: string): Promise<void> {
    const bytes = await files.readBytes(file);
    if (zeroPythonTime(bytes)) await files.write(file, bytes);
  }
}

/** The path itself and all above it but the root. */
function* parents(path: string): Generator<string> {
  for (let above = path; above !== ""; above = above.slice(0, above.lastIndexOf("/"))) yield above;
}
