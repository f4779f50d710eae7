/** Builds and seals an image: the order of the steps, and what goes from one to the next. */
import { Problem } from "../../base/problem.ts";
import type { Host } from "../../host/host.ts";
import { createReadTree } from "../../host/tree.ts";
import type { Blueprint } from "../../model/blueprint.ts";
import type { Digest } from "../../model/digest.ts";
import type { Layout } from "../../model/layout.ts";
import type { Name } from "../../model/name.ts";
import type { ProgramKnowledge } from "../../model/program-knowledge.ts";
import type { ReportProgress } from "../../model/progress.ts";
import type { Need } from "../../plan/services/planned-service.ts";
import { dpkgArchitecture } from "../../tools/dpkg.ts";
import { packImage, type Sealed, sealImage } from "../seal/seal-image.ts";
import { type BuildContext, runStep } from "./build-context.ts";
import { withImageIds } from "./build-ids.ts";
import { checkPrograms } from "./check-programs.ts";
import { ensureCleanLayer } from "./clean-layer.ts";
import { type FinishedRoot, finishRoot } from "./finish-root.ts";
import { buildFromDebian } from "./from-debian.ts";
import { buildFromDirectory } from "./from-directory.ts";
import { ImageTree } from "./image-tree.ts";
import { findKnownImage, keepRecipe, recipeOf } from "./known-image.ts";
import { layFiles } from "./lay-files.ts";
import { withCacheLock } from "./layer-cache.ts";
import { buildFromOci } from "./oci-layers.ts";
import { mountOverlay } from "./overlay-mount.ts";
import { type PlannedRoot, planRoot } from "./plan-root.ts";
import type { RootLayers } from "./root-source.ts";
import { withWorkDirectory } from "./work-directory.ts";

export interface BuildOptions {
  readonly host: Host;
  readonly layout: Layout;
  readonly blueprint: Blueprint;
  readonly blueprintText: string;
  /** The blueprint's own folder, absolute: symlinks among its files must not lead out of it. */
  readonly directory: string;
  readonly knowledge: readonly ProgramKnowledge[];
  readonly report: ReportProgress;
  readonly signal?: AbortSignal | undefined;
  readonly noCache?: boolean | undefined;
}

export interface BuiltImage {
  readonly digest: Digest;
  readonly name: Name;
  readonly sizeBytes: number;
  readonly fileCount: number;
  readonly packageCount: number;
  readonly tookMs: number;
  /** The store already held an image of this digest. */
  readonly unchanged: boolean;
  /** What was decided about services, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Throws Problem BUILD_FAILED, SEAL_FAILED, DISK_FULL, HOST_INCAPABLE, SOURCE_REFUSED, and those of planning the services. Nothing is left of a build that failed.
 */
export async function buildImage(options: BuildOptions): Promise<BuiltImage> {
  const { host, layout, blueprint } = options;
  const startMs = host.monotonic();
  return withWorkDirectory(host, layout, async (work) => {
    const layers = new Set<string>();
    const context: BuildContext = {
      host,
      layout,
      blueprint,
      work,
      report: options.report,
      signal: options.signal,
      noCache: options.noCache ?? false,
      onLayer: (key) => void layers.add(key),
      readTree: createReadTree(),
    };
    const built = await withCacheLock(context, `build ${blueprint.name}`, async () => {
      const made = await buildWithNeeds(context, options);
      await host.files.writeAtomic(layout.image.layers(made.sealed.manifest.digest), `${JSON.stringify([...layers])}\n`);
      return made;
    });
    const { digest, name, sizeBytes, fileCount } = built.sealed.manifest;
    const { notes } = built;
    const tookMs = Math.round(host.monotonic() - startMs);
    return { digest, name, sizeBytes, fileCount, packageCount: built.packageCount, tookMs, unchanged: built.sealed.unchanged, notes };
  });
}

/** Some services turn out to need s6 only when their units have been read: then once more, with it. */
async function buildWithNeeds(context: BuildContext, options: BuildOptions): Promise<Attempt & { readonly sealed: Sealed }> {
  const several = Object.keys(context.blueprint.services).length > 1;
  const first = await buildOnce(context, options, several ? ["s6"] : []);
  const built = first.missing.length === 0 ? first : await buildOnce(context, options, packagesFor(context, first.missing));
  if (built.sealed === undefined) throw lacking(context, built.missing);
  return { ...built, sealed: built.sealed };
}

interface Attempt {
  readonly notes: readonly string[];
  readonly missing: readonly Need[];
  readonly packageCount: number;
  /** Absent when programs are missing. */
  readonly sealed?: Sealed;
}

async function buildOnce(context: BuildContext, options: BuildOptions, extra: readonly string[]): Promise<Attempt> {
  const { host, blueprint } = context;
  const source = await readSource(context, extra);
  const { layers } = await runStep(
    context,
    "slim",
    blueprint.slim ? "taking out what a service does without" : "taking out what no image may hold",
    async (end) => {
      const cleaned = await ensureCleanLayer(context, source);
      end({ cached: cleaned.cached });
      return cleaned;
    },
  );
  const place = await host.files.makeTemporary(context.work, "root-");
  await using overlay = await mountOverlay(host, layers.lower, `${place}/overlay`);
  const tree = new ImageTree(host, overlay.tree);
  await runStep(context, "files", blueprint.files.length === 1 ? "laying 1 file" : `laying ${blueprint.files.length} files`, async () =>
    changeFiles(context, options, tree),
  );
  const packageCount = layers.packages.length;
  const recipe = await recipeOf(context, { ...options, layers, changes: overlay.upper });
  const known = await findKnownImage(context, recipe);
  if (known) {
    await runStep(context, "seal", "made of the same before", async (end) => end({ cached: true }));
    return { notes: known.notes, missing: [], packageCount, sealed: { manifest: known.manifest, unchanged: true } };
  }
  const { planned, finished } = await runStep(context, "services", `planning ${Object.keys(blueprint.services).join(", ")}`, async () => {
    const result = await planRoot({ host, tree, blueprint, config: layers.config, knowledge: options.knowledge });
    if (result.missing.length > 0) return { planned: result, finished: undefined };
    const done = await finishRoot(context, tree, result);
    return { planned: result, finished: done };
  });
  const notes = planned.services.flatMap((one) => one.notes.map((note) => `${one.service.name}: ${note}`));
  if (finished === undefined) return { notes, missing: planned.missing, packageCount };
  const sealed = await seal(context, options, layers, { tree, place: `${place}/overlay`, planned, finished });
  await keepRecipe(context, sealed.manifest.digest, { recipe, notes });
  return { notes, missing: [], packageCount, sealed };
}

function readSource(context: BuildContext, extra: readonly string[]): Promise<RootLayers> {
  const { from } = context.blueprint;
  switch (from.kind) {
    case "debian":
      return buildFromDebian(context, from, extra);
    case "oci":
      return buildFromOci(context, from);
    case "directory":
      return buildFromDirectory(context, from);
    default:
      return from satisfies never;
  }
}

async function changeFiles({ host, blueprint }: BuildContext, { directory }: BuildOptions, tree: ImageTree): Promise<void> {
  for (const path of blueprint.remove) {
    if (!(await tree.remove(path))) throw new Problem("BUILD_FAILED", `cannot remove ${path}: the image does not have it`);
  }
  await layFiles({ host, tree, files: blueprint.files, directory });
  checkPrograms(host.files, tree.root, blueprint);
}

interface Root {
  readonly tree: ImageTree;
  readonly place: string;
  readonly planned: PlannedRoot;
  readonly finished: FinishedRoot;
}

async function seal(
  context: BuildContext,
  options: BuildOptions,
  layers: RootLayers,
  { tree, place, planned, finished }: Root,
): Promise<Sealed> {
  const { blueprint, host } = context;
  const { volumes } = blueprint.posture;
  const posture = {
    ...blueprint.posture,
    volumes: Object.fromEntries(
      Object.entries(volumes).map(([name, volume]) => [name, { ...volume, at: finished.volumes[name] ?? volume.at }]),
    ),
  };
  const runs = {
    name: blueprint.name,
    services: planned.services.map(({ service }) => service),
    init: planned.init.init,
    places: finished.places,
    posture,
  };
  const { packed, entries } = await runStep(context, "pack", "packing and measuring", async () => {
    // How it runs is part of what is sealed: two images that differ in it differ in their digest.
    await tree.write("/.isc/isc.json", `${JSON.stringify(runs)}\n`, { mode: 0o644, uid: 0, gid: 0 });
    const all = withImageIds(await context.readTree(tree.root, { hash: true }));
    return { packed: await packImage(context, place, "tree"), entries: all };
  });
  return runStep(context, "seal", "signing", async (end) => {
    const architecture = (await host.run(dpkgArchitecture)).stdout.trim() === "arm64" ? "arm64" : "amd64";
    const manifest = {
      isc: 1 as const,
      ...runs,
      architecture: architecture as "amd64" | "arm64",
      from: blueprint.from,
      slim: blueprint.slim,
    };
    const sealed = await sealImage(context, { packed, entries, packages: layers.packages, blueprintText: options.blueprintText, manifest });
    end({ cached: sealed.unchanged });
    return sealed;
  });
}

/** Only a Debian source can be asked for more. */
function packagesFor(context: BuildContext, missing: readonly Need[]): readonly string[] {
  if (context.blueprint.from.kind !== "debian" || missing.includes("shell")) throw lacking(context, missing);
  return ["s6"];
}

function lacking({ blueprint }: BuildContext, missing: readonly Need[]): Problem {
  const names: Readonly<Record<Need, string>> = { s6: "s6 (/usr/bin/s6-svscan)", shell: "a shell (/bin/sh)" };
  return new Problem(
    "PROGRAM_MISSING",
    `cannot build ${blueprint.name}: its services need ${missing.map((need) => names[need]).join(" and ")}, which the image does not have`,
  );
}
