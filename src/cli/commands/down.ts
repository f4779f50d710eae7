/** iscadm down: the end of a stack, or its pause where it has volumes. */
import { printResult, workBriefly } from "../ask.ts";
import type { Command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { parseNameArgument } from "../name-argument.ts";
import { renderStackChange } from "../output/stack-steps.ts";

export const command: Command = {
  description:
    "Stops a stack's ISCs and removes them with its networks. Without --volumes those that have volumes stay, stopped, and the next up goes on with their data. It asks first on a terminal; a script is not asked.",
  options: [
    { flags: "--volumes", description: "remove the ISCs with volumes, too, and all data on them" },
    { flags: "-y, --yes", description: "do not ask" },
  ],
  examples: [
    { line: "iscadm down shop", does: "take the stack down and keep its data" },
    { line: "iscadm down --volumes --yes shop", does: "leave nothing of it" },
  ],
  jsonLines: true,
  async run(context, input) {
    const stack = parseNameArgument(input.argument(0));
    const volumes = input.flag("volumes");
    const question = volumes
      ? `remove the stack ${stack} with all volumes of its ISCs?`
      : `take the stack ${stack} down? (ISCs with volumes stay, stopped)`;
    if (!input.flag("yes") && !(await confirm(context, question))) return 1;
    const answer = await workBriefly(context, "stack-down", { stack, ...(volumes ? { volumes } : {}) });
    printResult(context, answer, (change) => renderStackChange(change, context.palette));
    return 0;
  },
};
