/** iscadm reset. */
import { printResult, workBriefly } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseNameArgument, parseNameArguments } from "../name-argument.ts";
import { renderChanges } from "../output/table.ts";

export const command: Command = {
  description:
    "Brings an ISC back to its known good state, now: new root mount, new scratch under a new key, new processes. Volumes stay as they are, or go back to a snapshot.",
  options: [{ flags: "--to <snapshot>", description: "put the volumes back to this snapshot too" }],
  examples: [
    { line: "iscadm reset web", does: "throw away whatever happened in web" },
    { line: "iscadm reset db --to before-upgrade", does: "with the volumes of db@before-upgrade" },
    { line: "iscadm reset $(iscadm ls -q)", does: "all of them" },
  ],
  jsonLines: true,
  async run(context, input) {
    const to = input.text("to");
    const names = parseNameArguments(input.rest(0));
    const answer = await workBriefly(context, "reset", { names, ...(to === undefined ? {} : { snapshot: parseNameArgument(to) }) });
    printResult(context, answer, (changes) => renderChanges(changes, context.palette));
    return 0;
  },
};
