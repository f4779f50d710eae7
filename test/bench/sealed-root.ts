/** The sealed nginx of the run, in the forms in which other engines can take it: the same files for all. */
import { closeSync } from "node:fs";
import { cloneMountWithIdmap, MNT_DETACH, MS_NODEV, MS_NOSUID, MS_RDONLY, mount, unmount } from "../../src/host/kernel/mounts.ts";
import { UserNamespacePool } from "../../src/host/kernel/user-namespace.ts";
import type { Digest } from "../../src/model/digest.ts";
import type { Manifest } from "../../src/model/image.ts";
import type { Area } from "./area.ts";
import type { IscadmContender } from "./iscadm-contender.ts";
import { run } from "./run-program.ts";

export interface SealedRoot {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly file: string;
  /** Where it is mounted, read-only. */
  readonly mounted: string;
}

export async function mountSealedRoot(area: Area, { client, layout, image }: IscadmContender): Promise<SealedRoot> {
  const { manifest } = await client.call("image-show", { image });
  const file = layout.image.erofs(image);
  const mounted = area.directory("root");
  mount(file, mounted, "erofs", MS_RDONLY | MS_NOSUID | MS_NODEV);
  area.onEnd(() => unmount(mounted, MNT_DETACH));
  return { digest: image, manifest, file, mounted };
}

/** The archive that docker and podman import. */
export async function packSealedRoot(area: Area, { mounted }: SealedRoot): Promise<string> {
  const archive = `${area.path}/root.tar`;
  await run("tar", ["-C", mounted, "-cf", archive, "."]);
  return archive;
}

export interface IdmappedMount {
  readonly source: string;
  readonly target: string;
  /** First host uid of the range that is 0 to 65,535 inside. */
  readonly hostId: number;
  readonly readOnly: boolean;
}

export async function mountIdmapped(area: Area, { source, target, hostId, readOnly }: IdmappedMount): Promise<void> {
  const pool = new UserNamespacePool(0);
  const userNamespaceFd = await pool.take({ insideId: 0, hostId, count: 65_536 });
  try {
    cloneMountWithIdmap({ source, target, userNamespaceFd, readOnly, noSuid: true, noDev: true, noExec: !readOnly });
    area.onEnd(() => unmount(target, MNT_DETACH));
  } finally {
    closeSync(userNamespaceFd);
    await pool.close();
  }
}
