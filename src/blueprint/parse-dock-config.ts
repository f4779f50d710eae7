/** The text of dock.yaml → the dock's configuration, or one Problem that names every mistake with its line and column. Pure. */
import { Problem } from "../base/problem.ts";
import type { DockConfig } from "../model/dock-config.ts";
import { dockConfigForm } from "./dock-config-form.ts";
import { readForm } from "./read-form.ts";

/** Throws Problem CONFIG_INVALID, its message the first mistake and its details all of them. */
export function parseDockConfig(text: string, file: string): DockConfig {
  const answer = readForm(dockConfigForm, { text, file });
  if (answer.kind === "refused") {
    throw new Problem("CONFIG_INVALID", `cannot use ${answer.lines[0] ?? file}`, {
      hint: "docs/reference/dock-config.md explains every key",
      details: answer.lines,
    });
  }
  const { ledger, audit, firewall, integrity, incidents, respond, notify } = answer.data;
  return {
    ledger: { keepMs: ledger.keep, sizeBytes: ledger.size, forward: ledger.forward },
    incidents: { keep: incidents.keep, sizeBytes: incidents.size },
    respond,
    notify,
    audit,
    firewall,
    integrity: { probeEveryMs: integrity.every, rehashEveryMs: integrity.image },
  };
}

/** What holds without a file. */
export const usualDockConfig: DockConfig = parseDockConfig("dock: 1\n", "dock.yaml");
