/** iscadm dock status. */
import type { DockStatusAnswer } from "../../api/answers.ts";
import { printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { renderPrintable } from "../output/printable.ts";
import { renderFacts, renderRows } from "../output/table.ts";
import { renderAge } from "../output/words.ts";

export const command: Command = {
  description:
    "Shows the dock, what it found this machine's kernel able to do, and what each row of the contract rests on here. It never starts a dock: exit code 4 when none runs.",
  examples: [
    { line: "iscadm dock status", does: "show all of it" },
    { line: "iscadm dock status --quiet", does: "say nothing, exit with 0 or 4" },
    { line: "iscadm dock status --json | jq -r '.capabilities[] | select(.present | not) | .name'", does: "list what the kernel lacks" },
  ],
  async run(context) {
    const answer = await context.runningDock.call("dock-status", {}, { signal: context.signal });
    printDocument(context, answer, (status) => (context.flags.quiet ? "" : renderStatusPage(status, context)));
    return 0;
  },
};

function renderStatusPage(status: DockStatusAnswer, { palette, io }: CliContext): string {
  const facts = renderFacts(
    [
      ["dock", `iscadm ${status.version}, process ${status.pid}, up ${renderAge(status.startedAtMs, io.now())}`],
      ["state", status.root],
      ["socket", `${status.run}/dock.sock`],
      ["network", `${status.network}, ${status.network6}`],
      ["host uids", `${status.uids.first} to ${status.uids.first + status.uids.count - 1}`],
      ["tag", status.tag],
      ["ISCs", `${status.iscs.running} running of ${status.iscs.total}`],
    ],
    palette,
  );
  const capabilities = status.capabilities.map(({ name, present, detail }) => [
    name,
    present ? palette.good("yes") : palette.warning("no"),
    renderPrintable(detail),
  ]);
  const rests = status.rests.map(({ row, on }) => [row, renderPrintable(on)]);
  return [
    facts,
    "",
    renderRows(["CAPABILITY", "HERE", "SEEN"], capabilities, palette),
    "",
    renderRows(["ROW", "RESTS ON"], rests, palette),
  ].join("\n");
}
