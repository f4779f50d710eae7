/** iscadm ls. */
import type { IscSummary } from "../../model/isc.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import type { Palette } from "../output/palette.ts";
import { renderRows, renderStatus } from "../output/table.ts";
import { renderAge, renderExposure, renderShortDigest } from "../output/words.ts";

export const command: Command = {
  description: "Lists every ISC of this dock. With --quiet it prints names only, one a line.",
  examples: [
    { line: "iscadm ls", does: "show all ISCs" },
    { line: "iscadm stop $(iscadm ls -q)", does: "stop all of them" },
    { line: "iscadm ls --json | jq -r '.iscs[] | select(.status != \"running\") | .name'", does: "names of those that do not run" },
  ],
  async run(context) {
    const answer = await ask(context, "list", {});
    printDocument(context, answer, ({ iscs }) =>
      context.flags.quiet ? iscs.map(({ name }) => name).join("\n") : renderList(context, iscs),
    );
    return 0;
  },
};

function renderList({ palette, io }: CliContext, iscs: readonly IscSummary[]): string {
  if (iscs.length === 0) return "no ISC yet: iscadm run FILE makes one from a blueprint";
  const rows = iscs.map((isc) => [
    palette.strong(isc.name),
    renderStatus(isc.status, palette) + renderCondition(isc, palette),
    isc.startedAtMs === undefined ? "" : renderAge(isc.startedAtMs, io.now()),
    `${isc.imageName} ${palette.faint(renderShortDigest(isc.image))}`,
    isc.address,
    isc.exposures.map(renderExposure).join(", "),
  ]);
  return renderRows(["NAME", "STATUS", ">UP", "IMAGE", "ADDRESS", "EXPOSED"], rows, palette);
}

/** What is wrong with it, if anything: "running, ill, scratch full". */
function renderCondition({ status, exitCode, health, pressures = [] }: IscSummary, palette: Palette): string {
  if (status === "failed") return exitCode === undefined ? "" : ` (${exitCode})`;
  const words = [...(health?.well === false ? ["ill"] : []), ...pressures.map((pressure) => `short of ${pressure}`)];
  return words.map((word) => `, ${palette.bad(word)}`).join("");
}
