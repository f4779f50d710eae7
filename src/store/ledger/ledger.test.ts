import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import fc from "fast-check";
import { type EventDraft, longestMessage } from "../../model/event.ts";
import { layoutOf } from "../../model/layout.ts";
import { Name } from "../../model/name.ts";
import { openLedger } from "./ledger.ts";
import { LedgerWatch } from "./ledger-watch.ts";
import { pruneLedger } from "./prune-ledger.ts";
import { type EventQuery, readEvents } from "./read-events.ts";
import { verifyLedger } from "./verify-ledger.ts";

let root: string;
const layout = () => layoutOf({ root, run: `${root}/run` });
const draft = (index: number): EventDraft => ({
  sensor: "exec",
  severity: "alert",
  kind: "exec.denied",
  message: `denied ${index}\u2028é`,
  facts: { index },
});
const segments = () => readdirSync(layout().ledger).map((name) => `${layout().ledger}/${name}`);
const readAll = () => segments().flatMap((file) => readFileSync(file, "utf8").split("\n").slice(0, -1));
const faults = async () => (await verifyLedger(layout().ledger, layout())).faults.map(({ what }) => what);

async function write(count: number, segmentBytes = 1 << 20): Promise<void> {
  const ledger = await openLedger(layout(), { segmentBytes });
  for (let index = 0; index < count; index++) ledger.emit(draft(index));
  await ledger.close();
}

/** Lines of a ledger of one segment, after `change`. */
function edit(change: (lines: string[]) => void): void {
  const [file = ""] = segments();
  const lines = readAll();
  change(lines);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
}

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "isc-ledger-"));
});
afterEach(() => rmSync(root, { recursive: true }));

test("what was written is whole, over several segments and lives of the dock, and signed to its end", async () => {
  for (let life = 0; life < 3; life++) await write(40, 4_000);
  assert.ok(segments().length > 5);
  const report = await verifyLedger(layout().ledger, layout());
  assert.deepEqual(report.faults, []);
  assert.equal(report.count, report.head.seq);
  assert.equal(report.signedUpTo, report.head.seq - 1);
});

test("a sentence that is too long is cut, and the chain holds", async () => {
  const ledger = await openLedger(layout());
  const told: number[] = [];
  ledger.subscribe(({ message }) => told.push(message.length));
  ledger.emit({ ...draft(0), message: "x".repeat(longestMessage + 1) });
  await ledger.close();
  assert.deepEqual(told, [longestMessage]);
  assert.deepEqual(await faults(), []);
});

test("a changed event is named", async () => {
  await write(10);
  edit((lines) => {
    lines[5] = (lines[5] ?? "").replace('"index":4', '"index":5');
  });
  assert.deepEqual(await faults(), ["event 6 has been changed, or event 5 before it was replaced"]);
});

test("a removed event is named", async () => {
  await write(10);
  edit((lines) => lines.splice(5, 1));
  assert.deepEqual(await faults(), ["before event 7, event 6 is missing"]);
});

test("an inserted event is named", async () => {
  await write(10);
  edit((lines) => lines.splice(5, 0, lines[3] ?? ""));
  assert.deepEqual(await faults(), ["event 4 stands here a second time"]);
});

test("moved events are named", async () => {
  await write(10);
  edit((lines) => lines.splice(5, 2, lines[6] ?? "", lines[5] ?? ""));
  assert.deepEqual(await faults(), ["before event 7, event 6 is missing", "event 6 has been moved behind event 7"]);
});

test("what is no event is named, and the rest is read on", async () => {
  await write(10);
  edit((lines) => {
    lines[5] = "nonsense";
  });
  assert.equal((await faults())[0], "event 6 cannot be read");
});

test("a missing segment is named, and the oldest ones may go", async () => {
  await write(60, 4_000);
  rmSync(segments()[0] ?? "");
  assert.deepEqual(await faults(), []);
  rmSync(segments()[1] ?? "");
  assert.match((await faults())[0] ?? "", /^events \d+ to \d+ are missing: a segment was taken away$/);
});

test("a chain computed anew does not fit the signed head", async () => {
  await write(10);
  const { renderLedgerLine, parseLedgerLine, genesisHash } = await import("./ledger-line.ts");
  edit((lines) => {
    let hash = genesisHash;
    for (const [index, line] of lines.entries()) {
      const event = parseLedgerLine(line)?.event;
      assert(event);
      const next = renderLedgerLine(index === 5 ? { ...event, message: "nothing happened" } : event, hash);
      hash = next.hash;
      lines[index] = next.text;
    }
  });
  assert.match((await faults())[0] ?? "", /^the head signed in event 12 is not the one before it: something since event \d was rewritten$/);
});

test("a head that a stranger has signed is told", async () => {
  await write(10);
  rmSync(layout().trustedKeys, { recursive: true });
  assert.match((await faults())[0] ?? "", /is not signed by a trusted key$/);
});

test("a torn last line is cut off, told, and the chain goes on", async () => {
  await write(10);
  appendFileSync(segments()[0] ?? "", '{"seq":13,"time":"2026');
  await write(1);
  assert.deepEqual(await faults(), []);
  assert.ok(readAll().some((line) => line.includes("ledger.torn")));
});

test("a last line that is no event is left for verify, and a new segment begins", async () => {
  await write(10);
  edit((lines) => {
    lines[lines.length - 1] = "nonsense";
  });
  await write(1);
  assert.ok((await faults()).includes("event 12 cannot be read"));
  assert.ok(readAll().some((line) => line.includes("ledger.damaged")));
});

test("the watch reads what is new, and everything again once somebody touched it", async () => {
  const ledger = await openLedger(layout());
  const watch = new LedgerWatch(ledger, layout());
  for (let index = 0; index < 5; index++) ledger.emit(draft(index));
  assert.deepEqual((await watch.check()).faults, []);
  ledger.emit(draft(5));
  const report = await watch.check();
  assert.deepEqual([report.faults, report.head.seq, report.count], [[], 7, 7]);
  edit((lines) => {
    lines[2] = (lines[2] ?? "").replace('"index":1', '"index":9');
  });
  assert.deepEqual(
    (await watch.check()).faults.map(({ what }) => what),
    ["event 3 has been changed, or event 2 before it was replaced"],
  );
  await ledger.close();
});

test("any one changed byte of any line is found", async () => {
  await write(6);
  const lines = readAll();
  const [file = ""] = segments();
  await fc.assert(
    fc.asyncProperty(fc.nat(lines.length - 2), fc.nat(), async (index, at) => {
      const bytes = Buffer.from(lines[index] ?? "");
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      const changed = lines.with(index, bytes.toString("utf8"));
      if (changed[index] === lines[index] || changed[index]?.includes("\n")) return;
      writeFileSync(file, changed.map((line) => `${line}\n`).join(""));
      assert.notDeepEqual(await faults(), []);
    }),
    { numRuns: 150 },
  );
});

test("retention removes the oldest segments, tells of them first, and never the newest", async () => {
  const ledger = await openLedger(layout(), { segmentBytes: 2_000 });
  for (let index = 0; index < 60; index++) ledger.emit(draft(index));
  const before = segments().length;
  pruneLedger(ledger, { keepMs: 3_600_000, sizeBytes: 6_000 }, Date.now());
  const { length } = segments();
  assert.ok(length < before && length > 1, `${length} of ${before}`);
  pruneLedger(ledger, { keepMs: 1, sizeBytes: 1 << 30 }, Date.now() + 10_000);
  await ledger.close();
  assert.deepEqual(await faults(), []);
  assert.ok(readAll().some((line) => line.includes("ledger.pruned")));
});

test("events are found by what they say, last ones first, and by time", async () => {
  let seconds = 0;
  const ledger = await openLedger(layout(), { segmentBytes: 2_000, now: () => new Date(Date.UTC(2026, 2, 1, 0, 0, seconds++)) });
  for (let index = 0; index < 60; index++) {
    ledger.emit({ ...draft(index), isc: Name.parse(index % 2 ? "web" : "db"), severity: index % 10 === 0 ? "critical" : "info" });
  }
  await ledger.close();
  const find = async (query: EventQuery) => {
    const found: unknown[] = [];
    await readEvents(layout().ledger, query, ({ facts }) => found.push(facts.index));
    return found;
  };
  assert.deepEqual(await find({ tail: 3 }), [57, 58, 59]);
  assert.deepEqual(await find({ tail: 2, isc: "db" }), [56, 58]);
  assert.deepEqual(await find({ severity: "alert" }), [0, 10, 20, 30, 40, 50]);
  assert.deepEqual(await find({ kind: "exec", isc: "web", tail: 1 }), [59]);
  assert.deepEqual(await find({ kind: "exe" }), []);
  const all = await find({});
  const sinceMs = Date.UTC(2026, 2, 1) + 20_000;
  assert.deepEqual([...(await find({ untilMs: sinceMs })), ...(await find({ sinceMs }))], all);
  assert.deepEqual(await find({ tail: 0 }), []);
});
