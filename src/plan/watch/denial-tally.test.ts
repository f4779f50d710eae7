import assert from "node:assert/strict";
import { test } from "node:test";
import { EventDraft } from "../../model/event.ts";
import { Name } from "../../model/name.ts";
import { DenialTally, denialIntervalMs } from "./denial-tally.ts";
import type { Denied } from "./denial-words.ts";

const denied = (more: Partial<Denied> = {}): Denied => ({
  isc: Name.parse("web"),
  image: undefined,
  reason: "not-named",
  path: "/usr/bin/dash",
  pid: 7,
  program: "/usr/sbin/nginx",
  parentPid: 6,
  parent: "/.isc/catatonit",
  uid: 33,
  arguments: ["sh", "-c", "id"],
  ...more,
});

test("a denial is told at once, its repeats with their count at the end of the interval", () => {
  const tally = new DenialTally();
  const [first, ...none] = tally.note(denied(), 0);
  assert.deepEqual(none, []);
  EventDraft.parse(first);
  assert.equal(first?.message, "nginx (user 33) was not allowed to run /usr/bin/dash: rights.execute does not name it");
  assert.deepEqual([first?.kind, first?.severity, first?.technique], ["exec.denied", "alert", "T1059.004"]);
  assert.deepEqual([tally.note(denied({ pid: 8 }), 1), tally.note(denied(), 2)], [[], []]);
  assert.deepEqual(tally.end(denialIntervalMs - 1), []);
  const [again] = tally.end(denialIntervalMs);
  assert.equal(again?.facts.count, 2);
  assert.ok(tally.isEmpty);
});

test("one ISC's flood leaves room for another's, and is counted to the last", () => {
  const tally = new DenialTally();
  const told = Array.from({ length: 500 }, (_, index) => tally.note(denied({ path: `/tmp/${index}`, reason: "foreign" }), 0)).flat();
  assert.equal(told.length, 20);
  assert.equal(tally.note(denied({ isc: Name.parse("db") }), 0).length, 1);
  tally.noteFurther(Name.parse("web"), 1_000, 0);
  const [rest] = tally.end(denialIntervalMs);
  EventDraft.parse(rest);
  assert.deepEqual([rest?.kind, rest?.isc, rest?.facts.count], ["exec.counted", "web", 1_480]);
});

test("each reason says what an attacker would call it", () => {
  const techniqueOf = (more: Partial<Denied>) => new DenialTally().note(denied(more), 0)[0]?.technique;
  assert.deepEqual(
    [
      techniqueOf({ reason: "foreign" }),
      techniqueOf({ reason: "loaded" }),
      techniqueOf({ reason: "changed" }),
      techniqueOf({ path: "/x" }),
    ],
    ["T1105", "T1620", "T1554", "T1059"],
  );
});
