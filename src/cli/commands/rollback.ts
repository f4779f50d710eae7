/** iscadm rollback. */
import { printResult, workBriefly } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseSnapshotArgument } from "../name-argument.ts";
import { renderChanges } from "../output/table.ts";

export const command: Command = {
  description:
    "Puts an ISC back to a snapshot: image, exposures and volumes. What its volumes hold now is lost, unless a snapshot keeps it.",
  examples: [
    { line: "iscadm rollback db@before-upgrade", does: "go back" },
    { line: "iscadm snapshot db@now && iscadm rollback db@before-upgrade", does: "keep the present first" },
  ],
  jsonLines: true,
  async run(context, input) {
    const answer = await workBriefly(context, "rollback", parseSnapshotArgument(input.argument(0)));
    printResult(context, answer, (changes) => renderChanges(changes, context.palette));
    return 0;
  },
};
