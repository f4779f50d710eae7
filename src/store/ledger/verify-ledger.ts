/** Verify of a ledger on disk, this dock's own or a copy: the whole of it, or what has come since the last look. */
import fs from "node:fs";
import path from "node:path";
import { Problem } from "../../base/problem.ts";
import type { Layout } from "../../model/layout.ts";
import type { LedgerReport } from "../../model/ledger.ts";
import { openKeyStore } from "../key-store.ts";
import { type IsSigned, LedgerAudit } from "./ledger-audit.ts";
import { listSegments, readLines, type Segment } from "./segments.ts";
import { headMessage } from "./signed-head.ts";

type Keys = Pick<Layout, "keys" | "signingKey" | "trustedKeys">;

/** Reads every event. Throws Problem STATE_DAMAGED when there is no ledger. */
export async function verifyLedger(directory: string, layout: Keys): Promise<LedgerReport> {
  const segments = findSegments(directory);
  const audit = new LedgerAudit(await openSignatureCheck(layout));
  for (const segment of segments) await readSegment(audit, segment);
  return { ...audit.report, directory, segments: segments.length };
}

async function readSegment(audit: LedgerAudit, segment: Segment): Promise<void> {
  audit.startSegment(path.basename(segment.file), segment.first);
  await readLines(segment.file, 0, (line) => audit.take(line));
}

/** Signatures are asked for while lines are read, so the keys are loaded before. */
export async function openSignatureCheck(layout: Keys): Promise<IsSigned> {
  const isTrusted = await openKeyStore(layout).openVerifier();
  return (head) => isTrusted(headMessage(head), head.signature);
}

function findSegments(directory: string): readonly Segment[] {
  const segments = fs.existsSync(directory) ? listSegments(directory) : [];
  if (segments.length === 0) throw noLedger(directory);
  return segments;
}

function noLedger(directory: string): Problem {
  return new Problem("STATE_DAMAGED", `cannot verify the ledger: there is none in ${directory}`, {
    hint: "name the folder that holds its segments, such as 000000000001.jsonl",
  });
}
