/** Subvolumes and directories of them, removed in whatever state they are. */
import type { Engine } from "../engine.ts";
import { isError } from "../mount-table.ts";

type MachineOnly = Pick<Engine, "host">;

/** Deletes a subvolume with others that somebody made inside it. Safe to repeat. Throws KernelError. */
export async function removeSubvolume({ host }: MachineOnly, path: string): Promise<void> {
  const { btrfs, btrfsQuota } = host.kernel;
  if (!btrfs.isSubvolume(path)) return;
  const id = btrfsQuota.readSubvolumeId(path);
  try {
    btrfs.deleteSubvolume(path);
  } catch (error) {
    if (!isError(error, "ENOTEMPTY")) throw error;
    btrfs.setSubvolumeReadOnly(path, false);
    await removeNested({ host }, path);
    btrfs.deleteSubvolume(path);
  }
  btrfsQuota.forgetQuota(parentOf(path), id);
}

/** Whoever may write to a volume may make subvolumes in it, where no system call filter forbids it. */
async function removeNested({ host }: MachineOnly, directory: string): Promise<void> {
  for (const entry of await host.files.list(directory)) {
    const path = `${directory}/${entry}`;
    if ((await host.files.find(path))?.kind !== "directory") continue;
    if (host.kernel.btrfs.isSubvolume(path)) await removeSubvolume({ host }, path);
    else await removeNested({ host }, path);
  }
}

/** Removes a directory whose entries are subvolumes. Safe to repeat. Throws KernelError or the error of node:fs. */
export async function removeSubvolumes({ host }: MachineOnly, directory: string): Promise<void> {
  for (const entry of await host.files.findList(directory)) await removeSubvolume({ host }, `${directory}/${entry}`);
  await host.files.remove(directory);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
