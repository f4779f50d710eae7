/** iscadm incident ls. */
import { renderRoundedSize } from "../../base/size.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import { renderPrintable } from "../output/printable.ts";
import { renderRows } from "../output/table.ts";
import { renderTime } from "../output/words.ts";

export const command: Command = {
  description:
    "Lists incidents, oldest first: what the dock kept of an ISC before it did something that cannot be undone. With --quiet it prints their numbers only.",
  examples: [
    { line: "iscadm incident ls", does: "list all" },
    { line: "iscadm incident ls --json | jq -r '.incidents[] | select(.isc == \"web\") | .id'", does: "numbers of those of web" },
  ],
  async run(context) {
    const { palette, flags } = context;
    const answer = await ask(context, "incidents", {});
    printDocument(context, answer, ({ incidents }) => {
      if (flags.quiet) return incidents.map(({ id }) => id).join("\n");
      if (incidents.length === 0) return "no incident";
      const rows = incidents.map(({ id, isc, time, action, scratch, sizeBytes, reason }) => [
        palette.strong(id),
        isc,
        renderTime(Date.parse(time)),
        action,
        scratch,
        renderRoundedSize(sizeBytes),
        renderPrintable(reason),
      ]);
      return renderRows(["INCIDENT", "ISC", "TIME", "BEFORE", "SCRATCH", ">SIZE", "REASON"], rows, palette);
    });
    return 0;
  },
};
