/** iscadm quarantine. */
import { printResult, workBriefly } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseNameArguments } from "../name-argument.ts";
import { renderChanges } from "../output/table.ts";

export const command: Command = {
  description:
    "Puts an ISC in quarantine: its network is cut, open connections included, its processes are frozen, and everything is kept as it is. Its host ports refuse at once. It stays so over restarts of the dock, until it is released, reset, rolled back or destroyed.",
  options: [{ flags: "--reason <text>", description: "why, for show and events" }],
  examples: [
    { line: "iscadm quarantine web", does: "stop web where it stands" },
    { line: 'iscadm quarantine web --reason "odd traffic at night"', does: "and say why" },
  ],
  jsonLines: true,
  async run(context, input) {
    const reason = input.text("reason");
    const names = parseNameArguments(input.rest(0));
    const answer = await workBriefly(context, "quarantine", { names, ...(reason === undefined ? {} : { reason }) });
    printResult(context, answer, (changes) => renderChanges(changes, context.palette));
    return 0;
  },
};
