/** iscadm verify: does what runs keep the contract? */
import type { VerifyAnswer } from "../../api/answers.ts";
import type { Finding } from "../../model/finding.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { parseNameArguments } from "../name-argument.ts";
import type { Palette } from "../output/palette.ts";
import { renderPrintable } from "../output/printable.ts";
import { renderRows } from "../output/table.ts";
import { renderCount, renderTook } from "../output/words.ts";

const driftFound = 3;

export const command: Command = {
  description:
    "Checks every row of the contract on the running thing and prints PASS, FAIL or SKIP with what was seen, failures first. All ISCs are checked when none is named. Exits with 3 when a row fails. With --quiet it prints only what fails.",
  options: [{ flags: "--full", description: "read the whole image again and compare its digest too" }],
  examples: [
    { line: "iscadm verify web", does: "check one" },
    { line: "iscadm verify --full", does: "check all, images included" },
    { line: "iscadm verify --quiet || mail -s drift root", does: "from cron: say something only when there is something" },
  ],
  async run(context, input) {
    const names = parseNameArguments(input.rest(0));
    const request = { ...(names.length === 0 ? {} : { names }), ...(input.flag("full") ? { full: true } : {}) };
    const answer = await ask(context, "verify", request);
    printDocument(context, answer, (report) => renderReport(report, context));
    return answer.findings.some(({ verdict }) => verdict === "FAIL") ? driftFound : 0;
  },
};

const verdicts = ["FAIL", "SKIP", "PASS"] as const;

function renderReport({ findings, tookMs }: VerifyAnswer, { palette, flags }: CliContext): string {
  const shown = verdicts.flatMap((verdict) =>
    flags.quiet && verdict !== "FAIL" ? [] : findings.filter((finding) => finding.verdict === verdict),
  );
  const rows = shown.map(({ verdict, isc, row, evidence }) => [
    paintOf(verdict, palette)(verdict),
    palette.strong(isc),
    row,
    renderPrintable(evidence),
  ]);
  const table = rows.length === 0 ? [] : [renderRows(["VERDICT", "ISC", "ROW", "EVIDENCE"], rows, palette)];
  return [...table, ...(flags.quiet ? [] : [renderSummary(findings, tookMs, palette)])].join("\n");
}

function renderSummary(findings: readonly Finding[], tookMs: number, palette: Palette): string {
  const iscs = new Set(findings.map(({ isc }) => isc)).size;
  const [failed = 0, skipped = 0, passed = 0] = verdicts.map((verdict) => findings.filter((finding) => finding.verdict === verdict).length);
  const verdict = failed === 0 ? palette.good("no drift") : palette.bad(`${failed} failed`);
  return `${renderCount(iscs, "ISC")} verified in ${renderTook(tookMs)}: ${verdict}, ${passed} passed, ${skipped} skipped`;
}

function paintOf(verdict: Finding["verdict"], palette: Palette) {
  return { FAIL: palette.bad, SKIP: palette.warning, PASS: palette.good }[verdict];
}
