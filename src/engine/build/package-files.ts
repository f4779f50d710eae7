/** What apt has fetched for builds, and what it once answered: all of it can be had again. */
import type { BuildContext } from "./build-context.ts";

export interface PackageFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** The caller holds the cache's lock. */
export async function listOldPackageFiles(cache: Pick<BuildContext, "host" | "layout">, sinceMs: number): Promise<readonly PackageFile[]> {
  const { files } = cache.host;
  const old: PackageFile[] = [];
  for (const archive of (await files.findList(cache.layout.layers)).filter((name) => name.startsWith("apt-"))) {
    for (const folder of ["archives", "resolved"]) {
      const directory = `${cache.layout.layers}/${archive}/${folder}`;
      for (const name of await files.findList(directory)) {
        const status = await files.find(`${directory}/${name}`);
        // apt gives a package file the time that the mirror tells; when it was fetched shows in the time of change.
        if (status?.kind === "file" && name !== "lock" && status.changedMs <= sinceMs)
          old.push({ path: `${directory}/${name}`, sizeBytes: status.sizeBytes });
      }
    }
  }
  return old;
}
