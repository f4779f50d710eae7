/** Finds events in a ledger: newest segments first where only the last ones are wanted, and without parsing what cannot be meant. */
import fs from "node:fs";
import type { Event } from "../../model/event.ts";
import { type EventFilter, isWanted, needlesOf } from "./event-filter.ts";
import { parseLedgerLine, splitLedgerLine } from "./ledger-line.ts";
import { listSegments, readLastLine, readPieces, type Segment } from "./segments.ts";

export interface EventQuery extends EventFilter {
  /** Only the last so many. */
  readonly tail?: number | undefined;
}

/** Calls `take` with each wanted event, oldest first. */
export async function readEvents(directory: string, query: EventQuery, take: (event: Event) => void): Promise<void> {
  const segments = fs.existsSync(directory) ? within(listSegments(directory), query) : [];
  if (query.tail === undefined) {
    for (const segment of segments) await scan(segment, query, take);
    return;
  }
  const found: Event[] = [];
  for (const segment of [...segments].reverse()) {
    if (found.length >= query.tail) break;
    await scanBackwards(segment, query, query.tail, found);
  }
  for (const event of found.reverse()) take(event);
}

/** Segments that can hold events of the time asked for. */
function within(segments: readonly Segment[], { sinceMs, untilMs }: EventFilter): readonly Segment[] {
  return segments.filter(({ file }, index) => {
    const next = segments[index + 1];
    // The last event of a segment, and the first of the next one, bound its time.
    if (sinceMs !== undefined && next !== undefined && (timeOfLast(file) ?? sinceMs) < sinceMs) return false;
    const before = segments[index - 1];
    return !(untilMs !== undefined && before !== undefined && (timeOfLast(before.file) ?? 0) >= untilMs);
  });
}

function timeOfLast(file: string): number | undefined {
  const { line } = readLastLine(file);
  const event = line === undefined ? undefined : parseLedgerLine(line)?.event;
  return event && Date.parse(event.time);
}

async function scan(segment: Segment, query: EventQuery, take: (event: Event) => void): Promise<void> {
  const find = finder(query);
  await readPieces(segment.file, 0, (bytes) => {
    if (!find.mayMean(bytes)) return;
    for (const line of bytes.toString("utf8").split("\n")) {
      const event = find.event(line);
      if (event !== undefined) take(event);
    }
  });
}

/** Adds wanted events to `found`, the newest first, until there are `most`. */
async function scanBackwards(segment: Segment, query: EventQuery, most: number, found: Event[]): Promise<void> {
  const find = finder(query);
  const pieces: Buffer[] = [];
  await readPieces(segment.file, 0, (bytes) => pieces.push(bytes));
  for (const bytes of pieces.reverse()) {
    if (!find.mayMean(bytes)) continue;
    for (const line of bytes.toString("utf8").split("\n").reverse()) {
      if (found.length >= most) return;
      const event = find.event(line);
      if (event !== undefined) found.push(event);
    }
  }
}

function finder(query: EventQuery) {
  const needles = needlesOf(query);
  // A buffer is searched without being decoded.
  const mayMean = (text: string | Buffer) => needles.every((group) => group.some((needle) => text.includes(needle)));
  return {
    mayMean,
    event: (line: string): Event | undefined => {
      const event = mayMean(line) ? parseQuickly(line) : undefined;
      return event !== undefined && isWanted(event, query) ? event : undefined;
    },
  };
}

/** Our own lines: whether they are as they were written, `ledger verify` tells. One that cannot be parsed is left out. */
function parseQuickly(line: string): Event | undefined {
  const body = splitLedgerLine(line)?.body;
  try {
    return body === undefined ? undefined : (JSON.parse(body) as Event);
  } catch {
    return undefined;
  }
}
