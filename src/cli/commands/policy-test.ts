/** iscadm policy test. */
import { resolve } from "node:path";
import type { PolicyTestAnswer } from "../../api/answers.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseMoment } from "../moment-argument.ts";
import { parseNameArgument } from "../name-argument.ts";
import type { Palette } from "../output/palette.ts";
import { renderPrintable } from "../output/printable.ts";
import { renderRows } from "../output/table.ts";
import { renderCount, renderTime } from "../output/words.ts";

export const command: Command = {
  description:
    "Holds the response policy of an ISC, or of a blueprint that was not built yet, against recorded events and prints what would have been done. Nothing is done. What was really done then counts for nothing, and each action is taken to need no time.",
  options: [
    { flags: "--events <file>", description: "JSON lines, as events --json prints them; else what the dock's ledger holds" },
    { flags: "--since <moment>", description: "not before: 1d ago, or 2026-03-01T12:30:05Z" },
    { flags: "--as <name>", description: "with a blueprint: the events of this ISC" },
  ],
  examples: [
    { line: "iscadm policy test web --since 7d", does: "what it would have done about web in the last week" },
    { line: "iscadm policy test web.yaml --as web", does: "with a blueprint that was changed" },
  ],
  async run(context, input) {
    const subject = input.argument(0);
    const { workingDirectory } = context.io;
    const isFile = /[./]/.test(subject);
    const [events, since, as] = [input.text("events"), input.text("since"), input.text("as")];
    const answer = await ask(context, "policy-test", {
      ...(isFile ? { blueprint: resolve(workingDirectory, subject) } : { name: parseNameArgument(subject) }),
      ...(isFile && as !== undefined ? { name: parseNameArgument(as) } : {}),
      ...(events === undefined ? {} : { events: resolve(workingDirectory, events) }),
      ...(since === undefined ? {} : { sinceMs: parseMoment("--since", since, context.io.now()) }),
    });
    printDocument(context, answer, (shown) => renderSteps(shown, context.palette));
    return 0;
  },
};

function renderSteps({ isc, mode, events, steps }: PolicyTestAnswer, palette: Palette): string {
  const head = `${renderCount(events, "event")} of ${isc}, ${mode === "observe" ? "the policy only observes" : "the policy acts"}`;
  if (steps.length === 0) return `${head}; it would have done nothing`;
  const rows = steps.map(({ time, seq, kind, action, reason }) => [
    renderTime(Date.parse(time)),
    palette.strong(action),
    `${seq} ${kind}`,
    renderPrintable(reason),
  ]);
  return `${head}\n${renderRows(["TIME", "ACTION", "EVENT", "WHY"], rows, palette)}`;
}
