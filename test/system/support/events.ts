/** What a test's dock has put into its ledger, read from the files. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "../../../src/model/event.ts";
import type { TestDock } from "./dock.ts";

export function readEvents(dock: TestDock): readonly Event[] {
  const files = readdirSync(dock.layout.ledger).filter((name) => name.endsWith(".jsonl"));
  const lines = files.sort().flatMap((name) => readFileSync(`${dock.layout.ledger}/${name}`, "utf8").split("\n").slice(0, -1));
  // The ledger's own line: hash and the like beside the event's fields.
  return lines.map((line) => JSON.parse(line) as Event);
}

/** Waits for one that the test looks for, not told before `after`. */
export async function waitForEvent(dock: TestDock, wanted: (event: Event) => boolean, timeoutMs = 10_000, after = 0): Promise<Event> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(50)) {
    const found = readEvents(dock).find((event) => event.seq > after && wanted(event));
    if (found) return found;
  }
  return assert.fail(
    `no such event; the last were ${readEvents(dock)
      .slice(-8)
      .map(({ kind, message }) => `${kind}: ${message}`)
      .join(" | ")}`,
  );
}

export function lastSeq(dock: TestDock): number {
  return readEvents(dock).at(-1)?.seq ?? 0;
}
