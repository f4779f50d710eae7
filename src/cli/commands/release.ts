/** iscadm release. */
import { printResult, workBriefly } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseNameArguments } from "../name-argument.ts";
import { renderChanges } from "../output/table.ts";

export const command: Command = {
  description:
    "Takes an ISC out of quarantine and lets it run on exactly as it was. To start it from its known good state instead, reset it. Connections that were open then do not come back.",
  examples: [
    { line: "iscadm release web", does: "let web run on" },
    { line: "iscadm release web && iscadm verify web", does: "and look at once whether it still is what was sealed" },
  ],
  jsonLines: true,
  async run(context, input) {
    const answer = await workBriefly(context, "release", { names: parseNameArguments(input.rest(0)) });
    printResult(context, answer, (changes) => renderChanges(changes, context.palette));
    return 0;
  },
};
