/** Layers from a Debian suite and packages. */
import { Problem } from "../../base/problem.ts";
import type { Source } from "../../model/blueprint.ts";
import { debianNamePattern } from "../../tools/apt-get.ts";
import { openAptArchive } from "./apt-archive.ts";
import { ensureBaseLayer } from "./base-layer.ts";
import { type BuildContext, runStep } from "./build-context.ts";
import { ensurePackagesLayer } from "./packages-layer.ts";
import type { RootLayers } from "./root-source.ts";

/** @param extra packages that iscadm needs beside the blueprint's */
export async function buildFromDebian(
  context: BuildContext,
  source: Source & { readonly kind: "debian" },
  extra: readonly string[],
): Promise<RootLayers> {
  const { suite } = source;
  for (const name of [suite, ...source.packages]) {
    if (!debianNamePattern.test(name))
      throw new Problem("BUILD_FAILED", `cannot build ${context.blueprint.name}: ${JSON.stringify(name)} is no name of a suite or package`);
  }
  const { archive, base } = await runStep(context, "base", `Debian ${suite}`, async (end) => {
    let note: string | undefined;
    const opened = await openAptArchive(context, suite, (text) => {
      note = text;
    });
    const made = await ensureBaseLayer(context, opened);
    end({ cached: made.cached, ...(note === undefined ? {} : { text: `Debian ${suite}; ${note}` }) });
    return { archive: opened, base: made.layer };
  });
  const packages = [...new Set([...source.packages, ...extra])].sort();
  return runStep(context, "packages", packages.length === 0 ? "no packages" : `installing ${packages.join(", ")}`, async (end) => {
    const made = await ensurePackagesLayer(context, archive, base, packages, () => undefined);
    end({ cached: made.cached, text: `${made.added} packages on top of Debian ${suite}` });
    return { lower: [base.directory, made.layer.directory], key: made.layer.key, packages: made.layer.packages };
  });
}
