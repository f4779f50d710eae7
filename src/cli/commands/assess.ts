/** iscadm assess: how well is it locked down? */
import type { Assessment } from "../../model/assessment.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { parseNameArgument } from "../name-argument.ts";
import { renderJsonDocument } from "../output/json.ts";
import { renderPrintable } from "../output/printable.ts";
import { renderSarif } from "../output/sarif.ts";
import { renderRows } from "../output/table.ts";

const goodScore = 80;
const fairScore = 50;

export const command: Command = {
  description:
    "Gives a running ISC a score from 0 to 100, and says what costs it points and how to mend that, the costliest first: rows of the contract, declared exceptions, what an intruder would find inside, the age of its packages, how long the same instance has been there.",
  options: [{ flags: "--sarif", description: "print SARIF 2.1.0, as tools that gather scan results read it" }],
  examples: [
    { line: "iscadm assess web", does: "what to do next about web" },
    { line: "iscadm assess web --json | jq .score", does: "print its score" },
    { line: "iscadm assess web --sarif > web.sarif", does: "for a code scanning page" },
  ],
  async run(context, input) {
    const answer = await ask(context, "assess", { name: parseNameArgument(input.argument(0)) });
    if (input.flag("sarif")) context.io.stdout.write(renderJsonDocument(renderSarif(answer, context.installation.version)));
    else printDocument(context, answer, (assessment) => renderAssessment(assessment, context));
    return 0;
  },
};

function renderAssessment({ isc, score, items }: Assessment, { palette }: CliContext): string {
  const rows = items.map(({ points, id, evidence, mend }) => [`-${points}`, id, renderPrintable(evidence), mend]);
  const table = rows.length === 0 ? [] : [renderRows([">POINTS", "WHAT", "EVIDENCE", "TO MEND IT"], rows, palette)];
  return [...table, `${palette.strong(isc)}: ${paintOf(score, palette)(String(score))} of 100`].join("\n");
}

function paintOf(score: number, palette: CliContext["palette"]) {
  if (score >= goodScore) return palette.good;
  return score >= fairScore ? palette.warning : palette.bad;
}
