import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Event, severities } from "../../model/event.ts";
import type { Name } from "../../model/name.ts";
import {
  type BudgetedAction,
  budgetedActions,
  type ResponseDeclaration,
  type ResponsePolicy,
  responseActions,
} from "../../model/respond.ts";
import { emptyBook, recordResponse } from "./book.ts";
import { decide } from "./decide.ts";
import { joinPolicies } from "./policy.ts";
import { simulateResponses } from "./simulate.ts";

const startMs = Date.parse("2026-03-01T00:00:00Z");
const nothing: ResponseDeclaration = { rules: [] };

function eventAt(atMs: number, fields: Partial<Event> = {}): Event {
  return {
    seq: 1,
    time: new Date(startMs + atMs).toISOString(),
    sensor: "integrity",
    severity: "critical",
    kind: "integrity.drift",
    message: "exec.sealed fails",
    isc: "web" as Name,
    facts: { row: "exec.sealed" },
    ...fields,
  };
}

const actionsOf = (policy: ResponsePolicy, events: readonly Event[]) =>
  simulateResponses(policy, events).flatMap(({ decision }) => (decision.kind === "act" ? [decision.action] : []));

test("by default proof of change resets, a repeat within the hour quarantines, and there it stays", () => {
  const policy = joinPolicies(nothing, undefined);
  assert.deepEqual(actionsOf(policy, [eventAt(0), eventAt(60_000), eventAt(120_000), eventAt(180_000)]), ["reset", "quarantine"]);
  assert.deepEqual(actionsOf(policy, [eventAt(0), eventAt(3_700_000)]), ["reset", "reset"]);
});

test("by default nothing else leads to anything", () => {
  const policy = joinPolicies(nothing, undefined);
  const others = [
    eventAt(0, { facts: { row: "net.inbound" } }),
    eventAt(1, { kind: "integrity.restored" }),
    eventAt(2, { kind: "exec.denied", sensor: "exec" }),
    eventAt(3, { kind: "health.exited", sensor: "health" }),
  ];
  assert.deepEqual(actionsOf(policy, others), []);
});

test("the ladder climbs: restart, reset, quarantine, destroy, each within its budget", () => {
  const perMs = 3_600_000;
  const ladder = {
    restart: { times: 2, perMs },
    reset: { times: 1, perMs },
    quarantine: { times: 1, perMs },
    destroy: { times: 1, perMs },
  };
  const policy = joinPolicies(
    { rules: [{ event: "health", times: 1, perMs: 1_000, action: "restart" }], ladder, cooldownMs: 0 },
    undefined,
  );
  const ill = [0, 1, 2, 3, 4, 5].map((minute) => eventAt(minute * 60_000, { kind: "health.failed", sensor: "health" }));
  assert.deepEqual(actionsOf(policy, ill), ["restart", "restart", "reset", "quarantine", "destroy"]);
});

test("a rule may ask for several events within a time", () => {
  const policy = joinPolicies({ rules: [{ event: "exec.denied", times: 3, perMs: 10_000, action: "quarantine" }] }, undefined);
  const at = (...times: number[]) => times.map((time) => eventAt(time, { kind: "exec.denied", sensor: "exec" }));
  assert.deepEqual(actionsOf(policy, at(0, 6_000, 12_000, 18_000)), []);
  assert.deepEqual(actionsOf(policy, at(0, 6_000, 9_000)), ["quarantine"]);
});

test("the blueprint's rules come first, and a dock that observes does so for all", () => {
  const ignore = { event: "integrity.drift", times: 1, perMs: 1, action: "ignore" } as const;
  const policy = joinPolicies({ mode: "observe", rules: [] }, { mode: "enforce", rules: [ignore] });
  assert.equal(policy.mode, "observe");
  assert.deepEqual(actionsOf(policy, [eventAt(0)]), []);
});

test("within the cool-down it waits, and acts when it is over", () => {
  const policy = { ...joinPolicies(nothing, undefined), cooldownMs: 30_000 };
  const steps = simulateResponses(policy, [eventAt(0), eventAt(1_000)]);
  assert.deepEqual(
    steps.map(({ decision, atMs }) => [decision.kind, atMs - startMs]),
    [
      ["act", 0],
      ["wait", 1_000],
      ["act", 30_000],
    ],
  );
});

test("what happened before the end of the last action is dealt with", () => {
  const policy = { ...joinPolicies(nothing, undefined), cooldownMs: 0 };
  const done = recordResponse(emptyBook, eventAt(5_000, { kind: "response.done", sensor: "response", facts: { action: "reset" } }));
  const situation = { policy, book: done, quarantined: false, nowMs: startMs + 6_000 };
  assert.equal(decide(situation, eventAt(4_000)).decision.kind, "none");
  assert.equal(decide(situation, eventAt(5_500)).decision.kind, "act");
});

const anyRule = fc.record({
  event: fc.constantFrom("exec.denied", "health", "integrity.drift"),
  times: fc.integer({ min: 1, max: 3 }),
  perMs: fc.integer({ min: 1, max: 100_000 }),
  action: fc.constantFrom(...responseActions, "ignore" as const),
});
const anyBudget = fc.record({ times: fc.integer({ min: 0, max: 3 }), perMs: fc.integer({ min: 1, max: 500_000 }) });
const anyPolicy = fc.record({
  mode: fc.constantFrom("enforce" as const, "observe" as const),
  cooldownMs: fc.integer({ min: 0, max: 50_000 }),
  ladder: fc.record(Object.fromEntries(budgetedActions.map((action) => [action, anyBudget])) as Record<BudgetedAction, typeof anyBudget>),
  rules: fc.array(anyRule, { maxLength: 4 }),
});
const anyEvents = fc
  .array(
    fc.record({
      gapMs: fc.integer({ min: 0, max: 60_000 }),
      kind: fc.constantFrom("exec.denied", "health.failed", "integrity.drift"),
      severity: fc.constantFrom(...severities),
    }),
    { maxLength: 60 },
  )
  .map((list) => {
    let atMs = 0;
    return list.map(({ gapMs, kind, severity }) => {
      atMs += gapMs;
      return eventAt(atMs, { kind, severity, sensor: "exec" });
    });
  });

test("never more of an action within its time than its budget, never within a cool-down, never on what is in quarantine but destroy", () => {
  fc.assert(
    fc.property(anyPolicy, anyEvents, (policy, events) => {
      const acts = simulateResponses(policy, events).flatMap(({ decision, atMs }) =>
        decision.kind === "act" && decision.action !== "notify" ? [{ action: decision.action, atMs }] : [],
      );
      let quarantined = false;
      for (const { action } of acts) {
        assert(!quarantined || action === "destroy" || action === "release");
        if (action === "quarantine") quarantined = true;
        if (action === "release") quarantined = false;
      }
      const hard = acts.filter(({ action }) => action !== "release");
      for (const [index, { action, atMs }] of hard.entries()) {
        const { times, perMs } = policy.ladder[action as BudgetedAction];
        const within = hard.slice(0, index + 1).filter((one) => one.action === action && one.atMs > atMs - perMs);
        assert(within.length <= times, `${action}: ${within.length} of ${times}`);
        assert(index === 0 || atMs - (hard[index - 1]?.atMs ?? 0) >= policy.cooldownMs);
      }
    }),
  );
});

test("while one action is under way no other begins, whatever happens", () => {
  fc.assert(
    fc.property(anyPolicy, anyEvents, (policy, events) => {
      let book = recordResponse(emptyBook, eventAt(-1, { kind: "response.begin", sensor: "response", facts: { action: "reset" } }));
      for (const event of events) {
        const judged = decide({ policy, book, quarantined: false, nowMs: Date.parse(event.time) }, event);
        book = judged.book;
        assert(judged.decision.kind === "none" || (judged.decision.kind === "act" && judged.decision.action === "notify"));
      }
    }),
  );
});
