import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../../src/model/event.ts";
import { findObstacle, judge, type Observation, parseAnswer } from "./judge.ts";
import { parseAttackOptions } from "./options.ts";
import { countEvents, judgeSoak } from "./soak-report.ts";
import type { Attempt, Technique } from "./technique.ts";

const technique: Technique = {
  id: "x",
  title: "x",
  attack: "T1059",
  roles: ["service"],
  script: "",
  control: "user",
  layer: "x",
  expect: "prevented",
};
const attempt: Attempt = { id: "x", family: "execution", role: "service", technique };
const event = (fields: Partial<Event>): Event => ({
  seq: 1,
  time: "2026-03-01T12:00:00.250Z",
  sensor: "exec",
  severity: "alert",
  kind: "exec.denied",
  message: "x",
  facts: {},
  ...fields,
});
const won: Observation = { answer: { kind: "won", words: "" }, outside: undefined, startedMs: Date.UTC(2026, 2, 1, 12), events: [] };

test("only the last line counts, and only in its two forms", () => {
  assert.deepEqual(parseAnswer("won before\nrefused EACCES exec\n", 0, false), { kind: "refused", words: "EACCES exec" });
  assert.equal(parseAnswer("sh: perl: not found\n", 127, false).kind, "broken");
  assert.equal(parseAnswer("wonderful\n", 0, false).kind, "broken");
  assert.equal(parseAnswer("", 137, true).kind, "refused");
  assert.equal(parseAnswer("", 137, false).kind, "broken");
});

test("a script that says nothing is an error of the suite, never a success of the ISC", () => {
  assert.equal(judge(attempt, { ...won, answer: { kind: "broken", words: "" } }).verdict, "error");
});

test("what succeeds is missed, unless an alarm tells of it or somebody puts an end to it", () => {
  assert.equal(judge(attempt, won).verdict, "missed");
  assert.equal(judge(attempt, { ...won, events: [event({ severity: "info" })] }).verdict, "missed");
  const detected = judge(attempt, { ...won, events: [event({})] });
  assert.deepEqual([detected.verdict, detected.detectMs, detected.alarms], ["detected", 250, ["exec.denied"]]);
  assert.deepEqual(judge(attempt, { ...won, revertedMs: 300 }).verdict, "reverted");
});

test("what was only asked of the dock, and the weather, are no detection", () => {
  const events = [event({ sensor: "dock", kind: "dock.command" }), event({ sensor: "pressure", kind: "pressure.begun" })];
  assert.equal(judge(attempt, { ...won, events }).verdict, "missed");
});

test("what is seen from outside goes before what the script says", () => {
  assert.equal(judge(attempt, { ...won, outside: false }).verdict, "prevented");
  assert.equal(judge(attempt, { ...won, answer: { kind: "refused", words: "SENT" }, outside: true }).verdict, "missed");
});

test("a technique that fails without any container is not counted as prevented", () => {
  const control = { answer: { kind: "refused", words: "ENOSYS" }, outside: undefined } as const;
  assert.equal(findObstacle(attempt, new Set(), control)?.verdict, "none");
  assert.equal(findObstacle(attempt, new Set(), { ...control, answer: { kind: "broken", words: "" } })?.verdict, "error");
  assert.equal(findObstacle(attempt, new Set(), won), undefined);
});

test("a bomb is not let loose where nothing limits it", () => {
  const bomb: Attempt = { ...attempt, technique: { ...technique, needs: "memory", control: { none: "x" } } };
  assert.equal(findObstacle(bomb, new Set(), undefined)?.verdict, "none");
  assert.equal(findObstacle(bomb, new Set(["memory"]), undefined), undefined);
});

test("options name what there is", () => {
  assert.deepEqual(parseAttackOptions(["--only", "kernel, loader", "--against", "docker"], ["loader"]), {
    only: ["kernel", "loader"],
    against: ["docker"],
  });
  assert.deepEqual(parseAttackOptions(["--against", "none"], []).against, []);
  assert.throws(() => parseAttackOptions(["--only", "lader"], ["loader"]), /there is no such technique/);
  assert.throws(() => parseAttackOptions(["--soak", "0"], []), /takes minutes/);
});

test("a soak fails for growth in its second half, and for packets that nobody told of", () => {
  const facts = {
    minutes: 1,
    attempts: 1,
    floods: 1,
    floodPackets: 500,
    requests: 1,
    failedRequests: 0,
    refusedCalls: 0,
    gaps: 0,
    ledgerFaults: [],
  };
  const refused = event({ sensor: "firewall", kind: "firewall.refused", facts: { count: 20 } });
  const rest = event({ seq: 2, sensor: "firewall", kind: "firewall.counted", facts: { refused: 500, untold: 480 } });
  const steady = Array.from({ length: 100 }, () => 100_000);
  assert.deepEqual(judgeSoak({ ...facts, memory: steady, events: countEvents([refused, rest]) }).faults, []);
  assert.match(judgeSoak({ ...facts, memory: steady, events: countEvents([refused]) }).faults.join(), /only 20 told of/);
  const growing = steady.map((size, index) => size + index * 1_000);
  assert.match(judgeSoak({ ...facts, memory: growing, events: countEvents([refused, rest]) }).faults.join(), /grew/);
  assert.match(
    judgeSoak({ ...facts, gaps: 2, memory: steady, events: countEvents([refused, rest]) }).faults.join(),
    /2 events are missing/,
  );
});
