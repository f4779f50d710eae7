/** iscadm stop. */
import { parseDuration } from "../../base/duration.ts";
import { Problem } from "../../base/problem.ts";
import { printResult, workBriefly } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseNameArguments } from "../name-argument.ts";
import { renderChanges } from "../output/table.ts";

export const command: Command = {
  description: "Sends the services their stop signal, waits, then kills. Scratch and its key are gone afterwards; volumes stay.",
  options: [{ flags: "--timeout <duration>", description: "how long the services may take, as in 5s; what their image says when absent" }],
  examples: [
    { line: "iscadm stop web", does: "stop one" },
    { line: "iscadm stop --timeout 1s web db", does: "stop two, and kill what still runs after a second" },
  ],
  jsonLines: true,
  async run(context, input) {
    const timeout = input.text("timeout");
    const answer = await workBriefly(context, "stop", {
      names: parseNameArguments(input.rest(0)),
      ...(timeout === undefined ? {} : { timeoutMs: parseTimeout(timeout) }),
    });
    printResult(context, answer, (changes) => renderChanges(changes, context.palette));
    return 0;
  },
};

function parseTimeout(text: string): number {
  const timeoutMs = parseDuration(text);
  if (timeoutMs !== undefined && timeoutMs > 0) return timeoutMs;
  throw new Problem("USAGE", `cannot understand the duration ${JSON.stringify(text)}`, {
    hint: "write a number and a unit: 500ms, 5s, 1m30s",
  });
}
