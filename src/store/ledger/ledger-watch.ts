/**
 * A ledger that grows, looked at again and again: what is new is read, and whatever was touched by somebody else than its writer. A
 * segment that is closed and untouched since the last look is believed.
 */
import fs from "node:fs";
import path from "node:path";
import type { Event } from "../../model/event.ts";
import type { Layout } from "../../model/layout.ts";
import type { LedgerAuditReport, LedgerFault } from "../../model/ledger.ts";
import type { Ledger } from "./ledger.ts";
import { LedgerAudit } from "./ledger-audit.ts";
import { type EventQuery, readEvents } from "./read-events.ts";
import { listSegments, readLines, type Segment } from "./segments.ts";
import { openSignatureCheck } from "./verify-ledger.ts";

/** The newest segment as far as it was read. */
interface Progress {
  readonly file: string;
  readonly end: number;
  readonly report: LedgerAuditReport;
}

export class LedgerWatch {
  readonly #ledger: Ledger;
  readonly #layout: Pick<Layout, "keys" | "signingKey" | "trustedKeys">;
  readonly #known = new Map<string, string>();
  #progress: Progress | undefined;

  constructor(ledger: Ledger, layout: Pick<Layout, "keys" | "signingKey" | "trustedKeys">) {
    this.#ledger = ledger;
    this.#layout = layout;
  }

  get head(): Ledger["head"] {
    return this.#ledger.head;
  }

  /** Oldest first. */
  async recent(query: EventQuery): Promise<readonly Event[]> {
    const found: Event[] = [];
    await readEvents(this.#ledger.directory, query, (event) => found.push(event));
    return found;
  }

  /** @returns what is known of the newest segment, and the faults of all that were read */
  async check(): Promise<LedgerAuditReport> {
    const segments = listSegments(this.#ledger.directory);
    const newest = segments.at(-1);
    const faults: LedgerFault[] = [];
    for (const segment of segments.slice(0, -1)) faults.push(...(await this.#checkClosed(segment)));
    if (newest === undefined || newest.file !== this.#ledger.file) {
      const missing = { segment: path.basename(this.#ledger.file), line: 0, what: "the segment being written has been taken away" };
      return { ...new LedgerAudit(() => true).report, faults: [...faults, missing] };
    }
    const report = await this.#checkNewest(newest);
    return { ...report, faults: [...faults, ...report.faults] };
  }

  /** One that was never looked at is left to a whole verify; one that is no longer what it was is read. */
  async #checkClosed({ file, first }: Segment): Promise<readonly LedgerFault[]> {
    const mark = markOf(file);
    const known = this.#known.get(file);
    if (known === undefined) this.#known.set(file, mark);
    if (known === undefined || known === mark) return [];
    const audit = new LedgerAudit(await openSignatureCheck(this.#layout));
    audit.startSegment(path.basename(file), first);
    await readLines(file, 0, (line) => audit.take(line));
    return audit.report.faults;
  }

  async #checkNewest({ file, first }: Segment): Promise<LedgerAuditReport> {
    const last = this.#progress;
    const goesOn = last !== undefined && last.file === file && last.report.faults.length === 0 && this.#ledger.isUntouched();
    if (goesOn && last.end === fs.statSync(file).size) return last.report;
    const audit = new LedgerAudit(await openSignatureCheck(this.#layout), goesOn ? last.report.head : undefined);
    if (!goesOn) audit.startSegment(path.basename(file), first);
    let end = goesOn ? last.end : 0;
    await readLines(file, end, (line, position) => {
      audit.take(line);
      end = position;
    });
    const report = goesOn ? join(last.report, audit.report) : audit.report;
    this.#progress = { file, end, report };
    return report;
  }
}

function join(before: LedgerAuditReport, after: LedgerAuditReport): LedgerAuditReport {
  return {
    ...after,
    first: before.first,
    count: before.count + after.count,
    signedUpTo: Math.max(before.signedUpTo, after.signedUpTo),
  };
}

/** The change time cannot be set back. */
function markOf(file: string): string {
  const { ino, size, ctimeNs } = fs.statSync(file, { bigint: true });
  return `${ino}:${size}:${ctimeNs}`;
}
