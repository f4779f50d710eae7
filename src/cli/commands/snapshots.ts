/** iscadm snapshots. */
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseNameArgument } from "../name-argument.ts";
import { renderPrintable } from "../output/printable.ts";
import { renderRows } from "../output/table.ts";
import { renderExposure, renderShortDigest, renderTime } from "../output/words.ts";

export const command: Command = {
  description:
    "Lists the snapshots of one ISC, or of all. With --quiet it prints their names only. A snapshot whose record is damaged is told apart, and the exit code is 1.",
  examples: [
    { line: "iscadm snapshots", does: "list all" },
    { line: "iscadm snapshots db", does: "list those of db" },
  ],
  async run(context, input) {
    const name = input.optionalArgument(0);
    const answer = await ask(context, "snapshots", name === undefined ? {} : { name: parseNameArgument(name) });
    const { palette, flags } = context;
    printDocument(context, answer, ({ snapshots }) => {
      const names = snapshots.map((snapshot) => `${snapshot.isc}@${snapshot.name}`);
      if (flags.quiet) return names.join("\n");
      if (snapshots.length === 0) return "no snapshot yet: iscadm snapshot NAME@SNAPSHOT takes one";
      const rows = snapshots.map(({ takenAtMs, image, volumes, exposures }, index) => [
        palette.strong(names[index] ?? ""),
        renderTime(takenAtMs),
        renderShortDigest(image),
        volumes.join(", "),
        exposures.map(renderExposure).join(", "),
      ]);
      return renderRows(["SNAPSHOT", "TAKEN", "IMAGE", "VOLUMES", "EXPOSED"], rows, palette);
    });
    for (const sentence of answer.damaged) context.io.stderr.write(`iscadm: ${palette.bad(renderPrintable(sentence))}\n`);
    return answer.damaged.length === 0 ? 0 : 1;
  },
};
