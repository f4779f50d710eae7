/** Retention: takes the oldest segments of a ledger away when they are too old or too much; never the newest. */
import fs from "node:fs";
import path from "node:path";
import type { EventDraft } from "../../model/event.ts";
import type { Ledger } from "./ledger.ts";
import { parseLedgerLine } from "./ledger-line.ts";
import { listSegments, readLastLine, type Segment } from "./segments.ts";

export interface Retention {
  readonly keepMs: number;
  readonly sizeBytes: number;
}

/** What goes is told in the ledger before it goes: a kill in between leaves a segment too many, and the next round takes it. */
export function pruneLedger(ledger: Ledger, { keepMs, sizeBytes }: Retention, nowMs: number): void {
  const segments = listSegments(ledger.directory);
  const sizes = segments.map(({ file }) => fs.statSync(file).size);
  let total = sizes.reduce((sum, size) => sum + size, 0);
  for (const [index, segment] of segments.slice(0, -1).entries()) {
    const last = lastEventOf(segment);
    if (total <= sizeBytes && (last === undefined || nowMs - last.timeMs < keepMs)) return;
    ledger.emit(renderPruned(segment, last));
    fs.rmSync(segment.file);
    total -= sizes[index] ?? 0;
  }
}

interface LastEvent {
  readonly seq: number;
  readonly hash: string;
  readonly timeMs: number;
}

function lastEventOf({ file }: Segment): LastEvent | undefined {
  const { line } = readLastLine(file);
  const last = line === undefined ? undefined : parseLedgerLine(line);
  return last && { seq: last.event.seq, hash: last.hash, timeMs: Date.parse(last.event.time) };
}

function renderPruned({ first, file }: Segment, last: LastEvent | undefined): EventDraft {
  return {
    sensor: "dock",
    severity: "notice",
    kind: "ledger.pruned",
    message: `the oldest events, ${first} to ${last?.seq ?? "?"}, are removed by retention`,
    facts: { segment: path.basename(file), first, ...(last === undefined ? {} : { last: last.seq, hash: last.hash }) },
  };
}
