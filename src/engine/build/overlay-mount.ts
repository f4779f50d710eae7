/** Layers seen as one tree: the uppermost takes every change, those below stay as they are (kernel documentation, filesystems/overlayfs.rst). */
import type { Host } from "../../host/host.ts";
import { unmountFrom } from "../mount-table.ts";
import { makeImageDirectory } from "./build-ids.ts";

export interface OverlayMount extends AsyncDisposable {
  /** The tree as a whole. */
  readonly tree: string;
  /** Only what changed. */
  readonly upper: string;
}

/**
 * @param lower directories, the base first
 * @param place a new directory for everything that is needed
 */
export async function mountOverlay(host: Host, lower: readonly string[], place: string): Promise<OverlayMount> {
  const [tree, upper, work] = [`${place}/tree`, `${place}/upper`, `${place}/work`];
  // Owned by the image too: programs that are confined work from here.
  await makeImageDirectory(host, place, 0o700);
  await makeImageDirectory(host, upper);
  await makeImageDirectory(host, tree);
  await host.files.makeDirectory(work);
  const lowers = [...lower].reverse().map(escapePath).join(":");
  const options = [
    `lowerdir=${lowers}`,
    `upperdir=${escapePath(upper)}`,
    `workdir=${escapePath(work)}`,
    "index=off",
    "metacopy=off",
    "redirect_dir=off",
  ];
  host.kernel.mounts.mount("isc-build", tree, "overlay", 0, options.join(","));
  return {
    tree,
    upper,
    async [Symbol.asyncDispose]() {
      unmountFrom(host, tree);
    },
  };
}

/** Colons part the directories, commas the options. */
function escapePath(path: string): string {
  return path.replace(/[\\:,]/g, "\\$&");
}
