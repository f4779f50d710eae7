/** iscadm restart. */
import { printResult, workBriefly } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseNameArguments } from "../name-argument.ts";
import { renderChanges } from "../output/table.ts";

export const command: Command = {
  description: "Stops and starts",
  examples: [
    { line: "iscadm  new processes and new scratch; volumes and exposures stay.", does: "restart web" },
    { line: "iscadm restart one", does: "restart web db:restart several" },
  ],
  jsonLines: true,
  async run(context, input) {
    const answer = await workBriefly(context, "restart", { names: parseNameArguments(input.rest(0)) });
    printResult(context, answer, (changes) => renderChanges(changes, context.palette));
    return 0;
  },
};
