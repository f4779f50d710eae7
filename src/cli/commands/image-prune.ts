/** iscadm image prune. */

import { parseDuration } from "../../base/duration.ts";
import { Problem } from "../../base/problem.ts";
import { renderRoundedSize } from "../../base/size.ts";
import type { Pruned } from "../../model/pruned.ts";
import { printResult, work } from "../ask.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { renderRows } from "../output/table.ts";
import { renderCount, renderShortDigest, renderTime } from "../output/words.ts";

const usualAge = "30d";

export const command: Command = {
  description: `Removes images that no ISC and no snapshot uses, build layers that no image left would be built from again, and packages fetched for them. What was made or used in the last ${usualAge}, or the time that --older-than says, stays. A build that runs is waited for.`,
  options: [
    { flags: "--older-than <duration>", description: `keep what is younger than this; ${usualAge} when absent, 0s keeps nothing` },
    { flags: "--dry-run", description: "only say what would be removed" },
  ],
  examples: [
    { line: "iscadm image prune --dry-run", does: "what would go, and how much room it takes" },
    { line: "iscadm image prune --older-than 7d", does: "remove what nobody has needed for a week" },
  ],
  jsonLines: true,
  async run(context, input) {
    const dryRun = input.flag("dryRun");
    const age = input.text("olderThan") ?? usualAge;
    const answer = await work(context, "image-prune", { olderThanMs: parseAge(age), ...(dryRun ? { dryRun } : {}) });
    printResult(context, answer, (pruned) => renderPruned(pruned, age, context));
    return 0;
  },
};

function parseAge(text: string): number {
  const ageMs = parseDuration(text);
  if (ageMs === undefined)
    throw new Problem("USAGE", `cannot use --older-than ${JSON.stringify(text)}: it is no duration`, { hint: "as in 12h, 30d or 0s" });
  return ageMs;
}

function renderPruned({ dryRun, images, layers, packageFiles, freedBytes }: Pruned, age: string, { palette }: CliContext): string {
  const rows = [
    ...images.map(({ name, digest, addedAtMs, sizeBytes }) => [
      "image",
      `${palette.strong(name)} ${renderShortDigest(digest)}`,
      renderTime(addedAtMs),
      renderRoundedSize(sizeBytes),
    ]),
    ...layers.map(({ key, lastUsedMs, sizeBytes }) => ["layer", key.slice(0, 12), renderTime(lastUsedMs), renderRoundedSize(sizeBytes)]),
    ...(packageFiles.count === 0
      ? []
      : [["fetched", renderCount(packageFiles.count, "file"), "", renderRoundedSize(packageFiles.sizeBytes)]]),
  ];
  if (rows.length === 0) return `nothing to remove: all is in use, or younger than ${age} (--older-than)`;
  const outcome = dryRun ? `${renderRoundedSize(freedBytes)} would be free; nothing was removed` : `${renderRoundedSize(freedBytes)} free`;
  return `${renderRows(["WHAT", "", "LAST MADE OR USED", ">SIZE"], rows, palette)}\n${outcome}`;
}
