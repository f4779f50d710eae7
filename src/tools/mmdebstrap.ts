/** mmdebstrap: a Debian root from package files that are already there. See mmdebstrap(1). */
import { confinedDirectory } from "./unshare.ts";

export interface DebianRoot {
  readonly suite: string;
  readonly architecture: string;
  /** Relative to the working directory, where everything lies. */
  readonly root: string;
  readonly sources: string;
}

/** For `runConfined` with from: "closed". Lists and packages lie in the root's own apt folders; nothing is fetched. */
export function mmdebstrapArguments({ suite, architecture, root, sources }: DebianRoot): readonly string[] {
  return [
    "--mode=root",
    "--variant=apt",
    "--format=directory",
    `--architectures=${architecture}`,
    // The root holds the lists already; what is signed by whom was checked when they were fetched.
    "--skip=check/empty,check/signed-by,update,chroot/mount/sys",
    "--dpkgopt=force-unsafe-io",
    '--aptopt=Acquire::Languages "none"',
    suite,
    `${confinedDirectory}/${root}`,
    `${confinedDirectory}/${sources}`,
  ];
}
