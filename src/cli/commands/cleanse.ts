/** iscadm cleanse. */
import type { CleanseAnswer } from "../../api/answers.ts";
import { renderTable } from "../../base/table.ts";
import { printResult, workBriefly } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseNameArguments } from "../name-argument.ts";
import type { Palette } from "../output/palette.ts";
import { renderTook } from "../output/words.ts";

export const command: Command = {
  description:
    "Replaces a running ISC by a fresh clone of itself without a dropped request: the clone starts beside it, passes its health check, and takes over name and host ports at once. Open connections go on with the old one until its drain limit. With volumes that two cannot share there is a pause.",
  examples: [
    { line: "iscadm cleanse web", does: "throw away whatever somebody has made of web, while it serves" },
    { line: "iscadm cleanse $(iscadm ls -q)", does: "one after the other, all of them" },
  ],
  jsonLines: true,
  async run(context, input) {
    const answer = await workBriefly(context, "cleanse", { names: parseNameArguments(input.rest(0)) });
    printResult(context, answer, (cleansed) => renderCleansed(cleansed, context.palette));
    return 0;
  },
};

function renderCleansed({ iscs }: CleanseAnswer, palette: Palette): string {
  const rows = iscs.map(({ name, status, tookMs, address, reachableMs, gapMs }) => [
    palette.strong(name),
    palette.good(status),
    renderTook(tookMs),
    address,
    `was there for ${renderTook(reachableMs)}${gapMs === 0 ? "" : `, nobody answered for ${renderTook(gapMs)}`}`,
  ]);
  return renderTable([{ header: "" }, { header: "" }, { header: "", align: "right" }, { header: "" }, { header: "" }], rows)
    .split("\n")
    .slice(1)
    .join("\n");
}
