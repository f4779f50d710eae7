/** An ISC's image, built again from its own blueprint: with whatever packages the archive has now. */
import { Problem } from "../../base/problem.ts";
import { parseBlueprint } from "../../blueprint/parse-blueprint.ts";
import { listArchivePackages } from "../../engine/build/archive-packages.ts";
import { buildImage } from "../../engine/build/build-image.ts";
import { readImagePackages } from "../../engine/image-packages.ts";
import { createReadTree } from "../../host/tree.ts";
import type { Digest } from "../../model/digest.ts";
import type { Package } from "../../model/image.ts";
import type { Dock } from "../dock.ts";
import type { Caller } from "../server.ts";

/** Who waits for it. */
export type Waiter = Pick<Caller, "progress" | "signal">;

/** A blueprint's text, what complaints call its file, and the folder of what it lays over. */
export interface BlueprintText {
  readonly text: string;
  readonly file: string;
  readonly directory: string;
}

/** Throws Problem BLUEPRINT_INVALID, and those of building. */
export async function buildBlueprint(dock: Dock, { text, file, directory }: BlueprintText, waiter: Waiter, noCache?: boolean) {
  const { host, layout } = dock.engine;
  const blueprint = parseBlueprint(text, { file, directory });
  const report = waiter.progress.bind(waiter);
  const { signal } = waiter;
  const options = { host, layout, blueprint, blueprintText: text, directory, knowledge: dock.knowledge, report, signal, noCache };
  const built = await buildImage(options);
  await writeOrigin(dock, built.digest, directory);
  return built;
}

/** Where an image was built from: its blueprint's folder, which holds the files it lays over. */
async function writeOrigin({ engine }: Dock, digest: Digest, directory: string): Promise<void> {
  await engine.host.files.writeAtomic(engine.layout.image.origin(digest), `${JSON.stringify({ directory })}\n`);
}

/** Throws Problem UPDATE_FAILED when the folder is gone or was never here, and those of building. */
export async function rebuildImage(dock: Dock, digest: Digest, waiter: Waiter): Promise<Digest> {
  const { text, directory } = await readOwnBlueprint(dock, digest);
  return (await buildBlueprint(dock, { text, file: "blueprint.yaml", directory }, waiter)).digest;
}

/** Undefined where only building can tell: for sources that are no Debian archive. */
export async function findNewerPackages(
  dock: Dock,
  digest: Digest,
  waiter: Waiter,
): Promise<readonly Pick<Package, "name" | "version">[] | undefined> {
  const { engine } = dock;
  const { blueprint } = await readOwnBlueprint(dock, digest);
  const { from } = blueprint;
  if (from.kind !== "debian") return undefined;
  const { host, layout } = engine;
  const report = waiter.progress.bind(waiter);
  const context = { host, layout, blueprint, report, signal: waiter.signal, noCache: false, readTree: createReadTree() };
  const present = await readImagePackages(engine, digest);
  return listArchivePackages(context, from, present.some(({ name }) => name === "s6") ? ["s6"] : []);
}

async function readOwnBlueprint({ engine }: Dock, digest: Digest) {
  const origin = await engine.host.files.findText(engine.layout.image.origin(digest));
  const directory = origin === undefined ? undefined : (JSON.parse(origin) as { readonly directory: string }).directory;
  if (directory === undefined || (await engine.host.files.find(directory))?.kind !== "directory") {
    const reason = directory === undefined ? "it was not built on this machine" : `the folder ${directory} it was built from is gone`;
    throw new Problem("UPDATE_FAILED", `cannot build the image again: ${reason}`, {
      hint: "iscadm build FILE, then iscadm update NAME --image with the digest it prints",
    });
  }
  const text = await engine.images.store.readBlueprint(digest);
  return { blueprint: parseBlueprint(text, { file: "blueprint.yaml", directory }), text, directory };
}
