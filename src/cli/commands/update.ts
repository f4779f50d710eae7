/** iscadm update. */
import type { UpdateAnswer } from "../../api/answers.ts";
import { renderTable } from "../../base/table.ts";
import { printResult, work } from "../ask.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { parseNameArgument } from "../name-argument.ts";
import { renderPrintable } from "../output/printable.ts";
import { renderCount, renderShortDigest, renderTook } from "../output/words.ts";

export const command: Command = {
  description:
    "Builds the ISC's image again from its own blueprint with the packages that the archive has now, starts it beside, and lets it take over once it is well. The old image stays as a snapshot to roll back to. One that does not become well changes nothing.",
  options: [
    { flags: "--image <image>", description: "take this image instead of building one" },
    { flags: "--check", description: "only say which packages would change" },
  ],
  examples: [
    { line: "iscadm update web --check", does: "what is newer in the archive" },
    { line: "iscadm update web", does: "bring it in, without a dropped request" },
    { line: "iscadm update web --image web2", does: "another image in its place" },
  ],
  jsonLines: true,
  async run(context, input) {
    const image = input.text("image");
    const check = input.flag("check");
    const request = { name: parseNameArgument(input.argument(0)), ...(image === undefined ? {} : { image }), ...(check ? { check } : {}) };
    const answer = await work(context, "update", request);
    printResult(context, answer, (updated) => renderUpdate(updated, context));
    return 0;
  },
};

function renderUpdate(answer: UpdateAnswer, { palette }: CliContext): string {
  const rows = answer.packages.map(({ name, from, to }) => [
    palette.strong(renderPrintable(name)),
    renderPrintable(from ?? "not there"),
    renderPrintable(to ?? "gone"),
  ]);
  const table =
    rows.length === 0
      ? []
      : [
          renderTable(
            [palette.faint("PACKAGE"), palette.faint("FROM"), palette.faint("TO")].map((header) => ({ header })),
            rows,
          ),
        ];
  return [...table, renderOutcome(answer)].join("\n");
}

function renderOutcome({ name, status, to, packages, snapshot, running, tookMs, gapMs }: UpdateAnswer): string {
  const changes = packages.length === 0 ? "no package changes" : renderCount(packages.length, "package changes", "packages change");
  const image = to === undefined ? "" : ` (image ${renderShortDigest(to)})`;
  if (status === "checked") return `${name}: ${changes}${image}; nothing was done`;
  if (status === "unchanged") return `${name} has this image already${image}`;
  const gap = gapMs === 0 ? "" : `, nobody answered for ${renderTook(gapMs)}`;
  const served = running ? `serves${image} after ${renderTook(tookMs)}${gap}` : `has the new image${image} for its next start`;
  return `${name} ${served}; the way back: iscadm rollback ${name}@${snapshot}`;
}
