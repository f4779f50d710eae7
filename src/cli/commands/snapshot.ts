/** iscadm snapshot. */
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseSnapshotArgument } from "../name-argument.ts";
import { renderSnapshot } from "../output/snapshots.ts";

export const command: Command = {
  description: "Keeps a named, read-only point of an ISC: its image, its exposures and its volumes as they are now.",
  examples: [
    { line: "iscadm snapshot db@before-upgrade", does: "keep the volumes as they are" },
    { line: "iscadm rollback db@before-upgrade", does: "and later go back to them" },
  ],
  async run(context, input) {
    const answer = await ask(context, "snapshot", parseSnapshotArgument(input.argument(0)));
    printDocument(context, answer, (snapshot) => renderSnapshot(snapshot, context.palette));
    return 0;
  },
};
