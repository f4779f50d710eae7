/** iscadm ledger verify: is the record whole? */
import path from "node:path";
import type { LedgerVerifyAnswer } from "../../api/answers.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import type { Palette } from "../output/palette.ts";
import { renderRows } from "../output/table.ts";
import { renderCount, renderTook } from "../output/words.ts";

const faultsFound = 3;

export const command: Command = {
  description:
    "Reads the whole ledger and checks its hash chain and its signatures: any event that was changed, taken out, put in or moved is named. Exits with 3 when something is wrong.",
  options: [{ flags: "--copy <folder>", description: "a copy of a ledger instead of the dock's own" }],
  examples: [
    { line: "iscadm ledger verify", does: "check the dock's own" },
    { line: "iscadm ledger verify --copy /srv/archive/ledger", does: "check what was copied elsewhere" },
  ],
  async run(context, input) {
    const copy = input.text("copy");
    const request = copy === undefined ? {} : { directory: path.resolve(context.io.workingDirectory, copy) };
    const answer = await ask(context, "ledger-verify", request);
    printDocument(context, answer, (report) => renderReport(report, context.palette));
    return answer.faults.length > 0 ? faultsFound : 0;
  },
};

function renderReport({ faults, first, head, count, segments, signedUpTo, tookMs }: LedgerVerifyAnswer, palette: Palette): string {
  const rows = faults.map(({ segment, line, what }) => [segment, String(line), what]);
  const table = rows.length === 0 ? [] : [renderRows(["SEGMENT", "LINE", "WHAT"], rows, palette)];
  const verdict = faults.length === 0 ? palette.good("whole") : palette.bad(renderCount(faults.length, "fault"));
  const range = `events ${first} to ${head.seq}, signed up to ${signedUpTo}`;
  const read = `${renderCount(count, "event")} in ${renderCount(segments, "segment")} read in ${renderTook(tookMs)}`;
  return [...table, `ledger: ${verdict}; ${range}; ${read}; head ${head.hash}`].join("\n");
}
