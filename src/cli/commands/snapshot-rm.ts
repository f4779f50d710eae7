/** iscadm snapshot-rm. */
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseSnapshotArgument } from "../name-argument.ts";

export const command: Command = {
  description: "Removes a snapshot and what only it still held of the volumes. The ISC itself is not touched.",
  examples: [
    { line: "iscadm snapshot-rm db@before-upgrade", does: "remove one snapshot" },
    { line: "iscadm snapshots db", does: "see which there are" },
  ],
  async run(context, input) {
    const answer = await ask(context, "snapshot-remove", parseSnapshotArgument(input.argument(0)));
    printDocument(context, answer, ({ isc, name }) => `${isc}@${name}  ${context.palette.faint("removed")}`);
    return 0;
  },
};
