/** mke2fs(8): formats a file or device as ext4 for scratch, which lives as long as one run of an ISC. */
import type { Host } from "../host/host.ts";

/**
 * No journal and no reserved blocks: nothing of it outlives a crash, nobody but the ISC writes to it. Inode tables are left
 * unwritten (mount with noinit_itable). One inode for each 8 KiB: scratch holds small files, and an unwritten table costs nothing.
 */
function mkfsExt4Arguments(target: string): readonly string[] {
  const features = "encrypt,metadata_csum,^has_journal,^resize_inode,^huge_file";
  return [
    "-q",
    "-F",
    "-t",
    "ext4",
    "-b",
    "4096",
    "-I",
    "256",
    "-i",
    "8192",
    "-m",
    "0",
    "-O",
    features,
    "-E",
    "lazy_itable_init=1,nodiscard,root_owner=0:0",
    target,
  ];
}

/** Formats a file of its full size, or a block device. Throws CommandFailure. */
export async function formatExt4(host: Host, target: string): Promise<void> {
  await host.run({ program: "mkfs.ext4", arguments: mkfsExt4Arguments(target) });
}
