/** The blueprint's packages on top of the base, installed in a sandbox without network. */
import { type AptChoice, aptInstallFiles, archiveFileName, packageSelection } from "../../tools/apt-get.ts";
import { dpkgStatusPath, parseDpkgStatus } from "../../tools/dpkg.ts";
import { type AptArchive, downloadPackages, resolvePackages } from "./apt-archive.ts";
import type { BuildContext } from "./build-context.ts";
import { giveToImage, makeImageDirectory } from "./build-ids.ts";
import { findLayer, keepLayer, type Layer, layerKey } from "./layer-cache.ts";
import { mountOverlay } from "./overlay-mount.ts";
import { runInSandbox } from "./sandbox.ts";

const policyPath = "/usr/sbin/policy-rc.d";
/** Where the package files lie during the installation, seen from inside. */
const packagesFolder = "/var/cache/isc-packages";

export interface PackagesLayer {
  readonly layer: Layer;
  readonly cached: boolean;
  /** Packages that came on top of the base. */
  readonly added: number;
}

export async function ensurePackagesLayer(
  context: BuildContext,
  archive: AptArchive,
  base: Layer,
  packages: readonly string[],
  onLine: (line: string) => void,
): Promise<PackagesLayer> {
  const below = { key: base.key, statusFile: `${base.directory}${dpkgStatusPath}` };
  const selection = packageSelection([...new Set(packages)].sort());
  const choices = packages.length === 0 ? [] : await resolvePackages(context, archive, selection, below);
  const key = layerKey("packages", base.key, selection, choices);
  const found = await findLayer(context, key);
  if (found) return { layer: found, cached: true, added: choices.length };
  const files = choices.length === 0 ? [] : await downloadPackages(context, archive, selection, choices, below);
  const layer = await install(context, base, { key, choices, files }, onLine);
  return { layer, cached: false, added: choices.length };
}

interface Installation {
  readonly key: string;
  readonly choices: readonly AptChoice[];
  readonly files: readonly string[];
}

async function install(
  context: BuildContext,
  base: Layer,
  { key, choices, files }: Installation,
  onLine: (line: string) => void,
): Promise<Layer> {
  const { host, work } = context;
  const place = `${work}/packages-${key}`;
  const { upper, packages } = await mounted();
  await host.files.remove(`${upper}${packagesFolder}`);
  return keepLayer(context, { key, directory: upper, packages });

  async function mounted() {
    await using overlay = await mountOverlay(host, [base.directory], place);
    if (choices.length > 0) {
      await makeImageDirectory(host, `${overlay.tree}${packagesFolder}`);
      await host.run({
        program: "cp",
        arguments: ["--reflink=auto", "-t", `${overlay.tree}${packagesFolder}`, "--", ...files],
        timeoutMs: 300_000,
      });
      await forbidServices(overlay.tree);
      const inside = choices.map((choice) => `${packagesFolder}/${archiveFileName(choice)}`);
      await runInSandbox(context, overlay.tree, ["apt-get", ...aptInstallFiles(inside)], onLine);
      await host.files.remove(`${overlay.tree}${policyPath}`);
    }
    return { upper: overlay.upper, packages: parseDpkgStatus(await host.files.readText(`${overlay.tree}${dpkgStatusPath}`)) };
  }

  /** Packages ask before they start what they brought (invoke-rc.d(8)). */
  async function forbidServices(tree: string): Promise<void> {
    await host.files.write(`${tree}${policyPath}`, "#!/bin/sh\nexit 101\n", 0o755);
    await giveToImage(host, `${tree}${policyPath}`);
  }
}
