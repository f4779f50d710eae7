/** iscadm clone. */
import { Problem } from "../../base/problem.ts";
import { printResult, workBriefly } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseNameArgument, parseSnapshotArgument } from "../name-argument.ts";
import { renderChanges } from "../output/table.ts";

export const command: Command = {
  description:
    "Makes new ISCs from the image of another one, each with its own identity and, unless a snapshot is named, empty volumes. Nothing of the image is copied.",
  options: [
    { flags: "--count <number>", description: "make several, named DST1 to DSTN" },
    { flags: "--start", description: "start them too" },
  ],
  examples: [
    { line: "iscadm clone web web-b", does: "make web-b, not started" },
    { line: "iscadm clone web worker --count 20 --start", does: "make and start worker1 to worker20" },
    { line: "iscadm clone db@before-upgrade db-test", does: "take the volumes of a snapshot along" },
  ],
  jsonLines: true,
  async run(context, input) {
    const count = input.text("count");
    const answer = await workBriefly(context, "clone", {
      source: parseSource(input.argument(0)),
      name: parseNameArgument(input.argument(1)),
      ...(count === undefined ? {} : { count: parseCount(count) }),
      ...(input.flag("start") ? { start: true } : {}),
    });
    printResult(context, answer, (changes) => renderChanges(changes, context.palette));
    return 0;
  },
};

function parseSource(text: string): string {
  if (!text.includes("@")) return parseNameArgument(text);
  const { name, snapshot } = parseSnapshotArgument(text);
  return `${name}@${snapshot}`;
}

function parseCount(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= 4_000) return count;
  throw new Problem("USAGE", `cannot understand --count ${JSON.stringify(text)}`, { hint: "write a number from 1 to 4000: --count 20" });
}
