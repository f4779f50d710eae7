/** The packages of a sealed image, from its bill of materials. */
import type { Digest } from "../model/digest.ts";
import type { Package } from "../model/image.ts";
import { diffPackages, type PackageChange } from "../plan/update/diff-packages.ts";
import type { Engine } from "./engine.ts";

/** Empty for an image without packages: of a directory, of an OCI image without dpkg. */
export async function readImagePackages(
  { host, layout }: Pick<Engine, "host" | "layout">,
  digest: Digest,
): Promise<readonly Pick<Package, "name" | "version">[]> {
  const text = await host.files.findText(layout.image.sbom(digest));
  if (text === undefined) return [];
  // Our own document (render/sbom.ts), whose hash is signed.
  const { packages = [] } = JSON.parse(text) as { readonly packages?: readonly { readonly name: string; readonly versionInfo?: string }[] };
  return packages.flatMap(({ name, versionInfo }) => (versionInfo === undefined ? [] : [{ name, version: versionInfo }]));
}

/** @param after another image, or the packages that an archive's index offers */
export async function comparePackages(
  engine: Pick<Engine, "host" | "layout">,
  before: Digest,
  after: Digest | readonly Pick<Package, "name" | "version">[],
): Promise<readonly PackageChange[]> {
  const fresh = typeof after === "string" ? await readImagePackages(engine, after) : after;
  return diffPackages(await readImagePackages(engine, before), fresh);
}
