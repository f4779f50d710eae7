/** iscadm start. */
import { printResult, workBriefly } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseNameArguments } from "../name-argument.ts";
import { renderChanges } from "../output/table.ts";

export const command: Command = {
  description:
    "Mounts the sealed root, makes fresh scratch, closes the firewall around it and runs the services. Exposed ports answer when it comes back.",
  examples: [
    { line: "iscadm start web", does: "start one" },
    { line: "iscadm start web db cache", does: "start several, one after the other" },
  ],
  jsonLines: true,
  async run(context, input) {
    const answer = await workBriefly(context, "start", { names: parseNameArguments(input.rest(0)) });
    printResult(context, answer, (changes) => renderChanges(changes, context.palette));
    return 0;
  },
};
