/** The lowest layer: a Debian suite's essential packages and apt. */
import { baseSelection } from "../../tools/apt-get.ts";
import { dpkgStatusPath, parseDpkgStatus } from "../../tools/dpkg.ts";
import { mmdebstrapArguments } from "../../tools/mmdebstrap.ts";
import { runConfined } from "../../tools/unshare.ts";
import { type AptArchive, aptPreferences, downloadPackages, resolvePackages } from "./apt-archive.ts";
import type { BuildContext } from "./build-context.ts";
import { buildIds, giveToImage, makeImageDirectory } from "./build-ids.ts";
import { findLayer, keepLayer, type Layer, layerKey } from "./layer-cache.ts";

const bootstrapTimeoutMs = 1_800_000;

export async function ensureBaseLayer(
  context: BuildContext,
  archive: AptArchive,
): Promise<{ readonly layer: Layer; readonly cached: boolean }> {
  const choices = await resolvePackages(context, archive, baseSelection);
  const key = layerKey("base", archive.sourcesKey, choices);
  const found = await findLayer(context, key);
  if (found) return { layer: found, cached: true };
  const packageFiles = await downloadPackages(context, archive, baseSelection, choices);
  const root = await bootstrap(context, archive, packageFiles);
  const packages = parseDpkgStatus(await context.host.files.readText(`${root}${dpkgStatusPath}`));
  return { layer: await keepLayer(context, { key, directory: root, packages }), cached: false };
}

const folders = [
  "",
  "/root",
  "/root/var",
  "/root/var/lib",
  "/root/var/lib/apt",
  "/root/var/cache",
  "/root/var/cache/apt",
  "/root/usr",
  "/root/etc",
  "/root/etc/apt",
  "/root/etc/apt/preferences.d",
];

async function bootstrap({ host, work, signal }: BuildContext, archive: AptArchive, packageFiles: readonly string[]): Promise<string> {
  const place = `${work}/base`;
  const root = `${place}/root`;
  for (const folder of folders) await makeImageDirectory(host, `${place}${folder}`);
  for (const name of ["bin", "sbin", "lib", ...(archive.architecture === "amd64" ? ["lib64"] : [])]) {
    await makeImageDirectory(host, `${root}/usr/${name}`);
    await host.files.symlink(`usr/${name}`, `${root}/${name}`);
    await giveToImage(host, `${root}/${name}`);
  }
  await host.files.write(`${root}/etc/apt/preferences.d/isc`, aptPreferences, 0o644);
  await giveToImage(host, `${root}/etc/apt/preferences.d/isc`);
  await copyFiles(packageFiles, `${root}/var/cache/apt/archives`);
  const lists = (await host.files.list(`${archive.directory}/lists`)).filter((name) => name.includes("_"));
  await copyFiles(
    lists.map((name) => `${archive.directory}/lists/${name}`),
    `${root}/var/lib/apt/lists`,
  );
  await host.files.write(`${place}/sources.sources`, archive.sources, 0o644);
  await runConfined(
    host,
    { ids: buildIds, from: "closed" },
    {
      program: "mmdebstrap",
      arguments: mmdebstrapArguments({
        suite: archive.suite,
        architecture: archive.architecture,
        root: "root",
        sources: "sources.sources",
      }),
      environment: { HOME: "/", SOURCE_DATE_EPOCH: "0", PYTHONHASHSEED: "0" },
      workingDirectory: place,
      timeoutMs: bootstrapTimeoutMs,
      ...(signal ? { signal } : {}),
    },
  );
  return root;

  /** Copies, not links: what the packages' scripts write to must not be what the next build trusts. */
  async function copyFiles(files: readonly string[], target: string): Promise<void> {
    await makeImageDirectory(host, target);
    await makeImageDirectory(host, `${target}/partial`);
    await host.run({ program: "cp", arguments: ["-a", "--reflink=auto", "-t", target, "--", ...files], timeoutMs: 300_000 });
  }
}
