/** mkfs.btrfs(8): formats the file that holds volumes. */
import type { Host } from "../host/host.ts";

/** Below this mkfs.btrfs refuses with duplicated metadata (109 MiB), and little more would be of no use. */
export const smallestBtrfsBytes = 256 * 1024 * 1024;

function mkfsBtrfsArguments(target: string, label: string): readonly string[] {
  return ["--quiet", "--label", label, target];
}

/** Formats a file of its full size. Throws CommandFailure. */
export async function formatBtrfs(host: Host, target: string, label: string): Promise<void> {
  await host.run({ program: "mkfs.btrfs", arguments: mkfsBtrfsArguments(target, label), timeoutMs: 120_000 });
}
