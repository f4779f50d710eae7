/** iscadm diff: what up would do. */
import { printResult, work } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseFileArgument } from "../image-argument.ts";
import { renderStackDiff } from "../output/stack-steps.ts";

const wouldChange = 3;

export const command: Command = {
  description:
    "Holds a stack file against what runs and prints the steps that up would take. It builds what has to be built, and changes nothing else. Exits with 0 when nothing would change and with 3 when something would.",
  examples: [
    { line: "iscadm diff shop.yaml", does: "see what up would do" },
    { line: "iscadm diff --quiet shop.yaml >/dev/null || mail -s 'shop is not as its file says' root", does: "from cron" },
  ],
  jsonLines: true,
  async run(context, input) {
    const answer = await work(context, "stack-diff", { file: parseFileArgument(input.argument(0), context) });
    printResult(context, answer, (diff) => renderStackDiff(diff, context.palette));
    return answer.steps.length === 0 ? 0 : wouldChange;
  },
};
