import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventDraft } from "../../model/event.ts";
import { contractRows, type Finding } from "../../model/finding.ts";
import { Name } from "../../model/name.ts";
import { advanceDrifts, type Drifts } from "./drift.ts";

const web = Name.parse("web");
const finding = (verdict: Finding["verdict"], row: Finding["row"] = "nnp"): Finding => ({ isc: web, row, verdict, evidence: "seen" });
const kinds = (before: Drifts, ...findings: Finding[]) => advanceDrifts(before, findings).events.map(({ kind }) => kind);
const drifted: Drifts = new Map([[web, new Set(["nnp"] as const)]]);

test("a row that begins to fail is told once", () => {
  const first = advanceDrifts(new Map(), [finding("FAIL")]);
  assert.deepEqual(
    first.events.map(({ kind, severity, technique }) => [kind, severity, technique]),
    [["integrity.drift", "critical", "T1548"]],
  );
  assert.deepEqual(kinds(first.drifts, finding("FAIL")), []);
});

test("a row that is kept again is told, and forgotten", () => {
  const step = advanceDrifts(drifted, [finding("PASS")]);
  assert.deepEqual([step.events[0]?.kind, step.drifts.size], ["integrity.restored", 0]);
});

test("a row that cannot be looked at stays as it was", () => {
  assert.deepEqual(advanceDrifts(drifted, [finding("SKIP")]), { drifts: drifted, events: [] });
  assert.deepEqual(kinds(new Map(), finding("SKIP")), []);
});

test("an ISC that was not looked at stays as it was", () => {
  assert.deepEqual(advanceDrifts(drifted, [{ ...finding("PASS"), isc: Name.parse("db") }]).drifts, drifted);
});

test("whatever is found, looking twice tells nothing new, and every event is one", () => {
  const verdict = fc.constantFrom("PASS", "FAIL", "SKIP" as const);
  const findings = fc.array(fc.tuple(verdict, fc.constantFrom(...contractRows)).map(([is, row]) => finding(is as Finding["verdict"], row)));
  const distinct = findings.map((all) => [...new Map(all.map((one) => [one.row, one])).values()]);
  fc.assert(
    fc.property(distinct, distinct, (first, second) => {
      const step = advanceDrifts(advanceDrifts(new Map(), first).drifts, second);
      for (const event of step.events) EventDraft.parse(event);
      assert.deepEqual(advanceDrifts(step.drifts, second).events, []);
    }),
  );
});
