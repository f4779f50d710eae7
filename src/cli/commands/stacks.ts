/** iscadm stacks. */
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import { renderStacks } from "../output/stack-table.ts";

export const command: Command = {
  description: "Lists every stack of this dock. With --quiet it prints names only, one a line.",
  examples: [
    { line: "iscadm stacks", does: "show all stacks" },
    { line: "iscadm stacks --json | jq -r '.stacks[].iscs[] | select(.well == false) | .name'", does: "names of ISCs that are ill" },
  ],
  async run(context) {
    const answer = await ask(context, "stacks", {});
    printDocument(context, answer, ({ stacks }) =>
      context.flags.quiet ? stacks.map(({ name }) => name).join("\n") : renderStacks(stacks, context.palette),
    );
    return 0;
  },
};
