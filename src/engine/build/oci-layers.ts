/** Layers from an OCI image: fetched each time, since a tag moves; unpacked once for each set of its layers. */
import type { Source } from "../../model/blueprint.ts";
import { dpkgStatusPath, parseDpkgStatus } from "../../tools/dpkg.ts";
import { type BuildContext, runStep } from "./build-context.ts";
import { fetchOciImage, unpackOciImage } from "./from-oci.ts";
import { findLayer, keepLayer, layerKey } from "./layer-cache.ts";
import { findTextInside } from "./resolve-inside.ts";
import type { RootLayers } from "./root-source.ts";

export async function buildFromOci(context: BuildContext, { reference }: Source & { readonly kind: "oci" }): Promise<RootLayers> {
  const image = await runStep(context, "base", `fetching ${reference}`, async () => fetchOciImage(context, reference, () => undefined));
  const key = layerKey("oci", image.layersDigest);
  const layer = await runStep(context, "packages", `unpacking ${reference}`, async (end) => {
    const found = await findLayer(context, key);
    end({ cached: found !== undefined });
    if (found) return found;
    const { tree } = await unpackOciImage(context, image, () => undefined);
    const packages = parseDpkgStatus(findTextInside(context.host.files, tree, dpkgStatusPath) ?? "");
    return keepLayer(context, { key, directory: tree, packages });
  });
  return { lower: [layer.directory], key, packages: layer.packages, config: image.config };
}
