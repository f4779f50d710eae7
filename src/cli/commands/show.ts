/** iscadm show. */
import type { ShowAnswer } from "../../api/answers.ts";
import { renderRoundedSize } from "../../base/size.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { parseNameArgument } from "../name-argument.ts";
import { postureFacts, servicesOf } from "../output/posture.ts";
import { renderPrintable } from "../output/printable.ts";
import { renderFacts, renderStatus } from "../output/table.ts";
import { renderAge, renderCount, renderExposure, renderShortDigest, renderTime, renderTook } from "../output/words.ts";

export const command: Command = {
  description: "Shows everything about one ISC: what it is, what it uses, and how it runs, defaults included.",
  examples: [
    { line: "iscadm show web", does: "show web" },
    { line: "iscadm show web --json | jq -r .summary.address", does: "print its address" },
  ],
  async run(context, input) {
    const answer = await ask(context, "show", { name: parseNameArgument(input.argument(0)) });
    printDocument(context, answer, (shown) => renderShow(shown, context));
    return 0;
  },
};

function renderShow(
  { summary, record, manifest, exposure, memoryBytes, processCount, cpuMs }: ShowAnswer,
  { palette, io }: CliContext,
): string {
  const since = summary.startedAtMs === undefined ? "" : ` for ${renderAge(summary.startedAtMs, io.now())}`;
  const exit = summary.exitCode === undefined ? "" : `, exit code ${summary.exitCode}`;
  const uses = [
    memoryBytes === undefined ? "" : renderRoundedSize(memoryBytes),
    processCount === undefined ? "" : renderCount(processCount, "process", "processes"),
    cpuMs === undefined ? "" : `${renderTook(cpuMs)} of cpu`,
  ];
  return renderFacts(
    [
      ["name", palette.strong(summary.name)],
      ["status", `${renderStatus(summary.status, palette)}${since}${exit}`],
      ["quarantine", renderQuarantine(summary)],
      ["image", `${summary.imageName} ${renderShortDigest(summary.image)}`],
      ["address", `${summary.address}, ${summary.address6}`],
      ["exposed", summary.exposures.map(renderExposure).join(", ") || "nothing"],
      ["process", summary.pid === undefined ? undefined : String(summary.pid)],
      ["condition", renderHealthState(summary)],
      ["short of", summary.pressures?.join(", ")],
      ["reachable", exposure && renderWindow(exposure)],
      ["uses", uses.filter((use) => use !== "").join(", ")],
      ["created", renderTime(record.createdAtMs)],
      ["cloned from", record.clonedFrom],
      ["generation", String(record.generation)],
      ["machine-id", record.machineId],
      ["services", servicesOf(manifest)],
      ...postureFacts(manifest.posture).filter(([key]) => key !== "expose"),
    ],
    palette,
  );
}

function renderHealthState({ health }: ShowAnswer["summary"]): string | undefined {
  if (!health) return undefined;
  const fault = health.fault === undefined ? "" : `: ${renderPrintable(health.fault)}`;
  return `${health.well ? "well" : "ill"}${health.failures === 0 ? "" : `, ${renderCount(health.failures, "failed check")} in a row${fault}`}`;
}

function renderQuarantine({ quarantine }: ShowAnswer["summary"]): string | undefined {
  return (
    quarantine &&
    `since ${renderTime(quarantine.sinceMs)}: ${renderPrintable(quarantine.reason)}${quarantine.incident === undefined ? "" : ` (incident ${quarantine.incident})`}`
  );
}

/** How long any instance has been there for somebody to work on. */
function renderWindow({ currentMs, lastMs, longestMs, replaced, draining }: NonNullable<ShowAnswer["exposure"]>): string {
  const words = [
    currentMs === undefined ? "" : `for ${renderTook(currentMs)}`,
    lastMs === undefined || longestMs === undefined ? "" : `the one before for ${renderTook(lastMs)}, at most ${renderTook(longestMs)}`,
    replaced === 0 ? "" : `${renderCount(replaced, "instance")} replaced`,
    draining === 0 ? "" : `${draining} draining`,
  ];
  return words.filter((word) => word !== "").join("; ");
}
