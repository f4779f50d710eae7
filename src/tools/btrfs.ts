/** btrfs(8), for what would hold up the dock as a system call of its own: it waits for the disk. */
import type { Host } from "../host/host.ts";

const slowMs = 600_000;

/** Writes out everything and ends the running transaction. Throws CommandFailure. */
export async function syncBtrfs(host: Host, path: string): Promise<void> {
  await host.run({ program: "btrfs", arguments: ["filesystem", "sync", path], timeoutMs: slowMs });
}

/** Waits until the kernel has cleaned up after every subvolume deleted so far. Throws CommandFailure. */
export async function awaitDeletedSubvolumes(host: Host, path: string): Promise<void> {
  await host.run({ program: "btrfs", arguments: ["subvolume", "sync", path], timeoutMs: slowMs });
}

/** Starts counting on a file system and waits for the count of what is there, minutes on a large one. Safe to repeat. Throws CommandFailure. */
export async function enableBtrfsQuota(host: Host, path: string): Promise<void> {
  await host.run({ program: "btrfs", arguments: ["quota", "enable", path] });
  await host.run({ program: "btrfs", arguments: ["quota", "rescan", "-W", path], timeoutMs: slowMs });
}
