/** iscadm destroy. */
import { printResult, workBriefly } from "../ask.ts";
import type { Command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { parseNameArguments } from "../name-argument.ts";
import { renderChanges } from "../output/table.ts";

export const command: Command = {
  description:
    "Stops ISCs and removes them with their scratch, volumes and snapshots. Images stay. It asks first on a terminal; a script is not asked.",
  options: [
    { flags: "--shred", description: "give back every block that the volumes held, too" },
    { flags: "-y, --yes", description: "do not ask" },
  ],
  examples: [
    { line: "iscadm destroy web", does: "remove one" },
    { line: "iscadm destroy --shred db", does: "and leave nothing of its data on the disk" },
    { line: "iscadm destroy --yes $(iscadm ls -q)", does: "remove all" },
  ],
  jsonLines: true,
  async run(context, input) {
    const names = parseNameArguments(input.rest(0));
    const question = `destroy ${names.join(", ")}, volumes and snapshots included?`;
    if (!input.flag("yes") && !(await confirm(context, question))) return 1;
    const answer = await workBriefly(context, "destroy", { names, ...(input.flag("shred") ? { shred: true } : {}) });
    printResult(context, answer, (changes) => renderChanges(changes, context.palette));
    return 0;
  },
};
