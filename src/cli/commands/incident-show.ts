/** iscadm incident show. */
import type { IncidentShowAnswer } from "../../api/answers.ts";
import { renderRoundedSize } from "../../base/size.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import type { Palette } from "../output/palette.ts";
import { renderPrintable } from "../output/printable.ts";
import { renderFacts } from "../output/table.ts";
import { renderShortDigest, renderTime } from "../output/words.ts";

export const command: Command = {
  description:
    "Shows what one incident holds, after its signature and the hash of every file in it were checked. Exit code 3 when it is not what was signed.",
  examples: [
    { line: "iscadm incident show web.4711", does: "show what was kept" },
    { line: "iscadm incident show web.4711 --json | jq .incident.trigger", does: "print the event that led to it" },
  ],
  async run(context, input) {
    const answer = await ask(context, "incident-show", { id: input.argument(0) });
    printDocument(context, answer, (shown) => renderIncident(shown, context.palette));
    return answer.faults.length === 0 ? 0 : 3;
  },
};

function renderIncident({ incident, sizeBytes, signedBy, faults }: IncidentShowAnswer, palette: Palette): string {
  const { id, isc, image, time, action, reason, trigger, processes, scratch, gaps, files } = incident;
  return renderFacts(
    [
      ["incident", palette.strong(id)],
      ["isc", `${isc} ${renderShortDigest(image)}`],
      ["time", renderTime(Date.parse(time))],
      ["before", action],
      ["reason", renderPrintable(reason)],
      ["event", trigger && `${trigger.seq} ${trigger.kind}: ${renderPrintable(trigger.message)}`],
      ["processes", String(processes)],
      ["scratch", scratch],
      ["size", renderRoundedSize(sizeBytes)],
      ["signed by", signedBy === undefined ? palette.bad("nobody trusted") : signedBy.slice(0, 16)],
      ["whole", faults.length === 0 ? palette.good("yes") : palette.bad(faults.map(renderPrintable).join("; "))],
      ["missing", gaps.map(renderPrintable).join("; ") || undefined],
      ["files", files.map((file) => `${renderPrintable(file.name)} ${renderRoundedSize(file.sizeBytes)}`).join(", ")],
    ],
    palette,
  );
}
