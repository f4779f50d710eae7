/** Which packages a blueprint's image would have if it were built now, by the archive's own index: nothing is fetched but the lists. */
import type { Source } from "../../model/blueprint.ts";
import type { Package } from "../../model/image.ts";
import { baseSelection, packageSelection } from "../../tools/apt-get.ts";
import { openAptArchive, resolvePackages } from "./apt-archive.ts";
import type { BuildContext } from "./build-context.ts";
import { withCacheLock } from "./layer-cache.ts";
import { isDispensable } from "./slim-plan.ts";
import { withWorkDirectory } from "./work-directory.ts";

export type ArchiveOptions = Omit<BuildContext, "work">;

/** @param extra packages that iscadm needs beside the blueprint's. Throws Problem, CommandFailure. */
export function listArchivePackages(
  options: ArchiveOptions,
  source: Source & { readonly kind: "debian" },
  extra: readonly string[],
): Promise<readonly Pick<Package, "name" | "version">[]> {
  return withWorkDirectory(options.host, options.layout, async (work) => {
    const context = { ...options, work };
    return withCacheLock(context, `look for packages of ${context.blueprint.name}`, async () => {
      const archive = await openAptArchive(context, source.suite, (text) => options.report({ step: "base", text }));
      const base = await resolvePackages(context, archive, baseSelection);
      const packages = [...new Set([...source.packages, ...extra])].sort();
      // On an empty root, as the base is: what both need is in both answers, in the same version.
      const above = packages.length === 0 ? [] : await resolvePackages(context, archive, packageSelection(packages));
      const all = [...base, ...above];
      return context.blueprint.slim ? all.filter((choice) => !isDispensable(choice)) : all;
    });
  });
}
