import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeBudgets } from "./budgets.ts";
import { type ContenderName, Measurements, type Unit } from "./measurements.ts";

function measured(values: readonly (readonly [string, ContenderName, number])[]) {
  const measurements = new Measurements();
  const unit: Unit = "ms";
  for (const [id, contender, value] of values) measurements.add({ id, title: id, unit }, contender, value);
  return Object.fromEntries(judgeBudgets(measurements).map(({ budget, ...rest }) => [budget, rest]));
}

test("a budget that is a ratio is held or missed against the other side of the same run", () => {
  const verdicts = measured([
    ["start", "iscadm", 90],
    ["start", "raw crun", 68],
    ["start", "podman", 350],
  ]);
  assert.deepEqual(verdicts["start ≤ 1.5 × raw crun"], { verdict: "HELD", evidence: "1.32 × (90.0 against 68.0)" });
  assert.deepEqual(verdicts["start ≥ 4 × faster than podman"], { verdict: "MISSED", evidence: "3.9 × faster (90.0 against 350)" });
});

test("a budget against an engine that could not run is skipped, not held", () => {
  assert.deepEqual(measured([["start", "iscadm", 90]])["start ≥ 5 × faster than docker"], {
    verdict: "SKIP",
    evidence: "docker was not measured",
  });
});

test("milliseconds shrink on a machine that starts raw crun faster than the reference", () => {
  const verdicts = measured([
    ["start", "iscadm", 30],
    ["start", "raw crun", 34],
    ["verify", "iscadm", 30],
  ]);
  assert.deepEqual(verdicts["verify ≤ 50 ms"], { verdict: "MISSED", evidence: "30.0 ms, limit here 25.0 ms; held without scaling" });
});

test("memory does not scale with speed", () => {
  const verdicts = measured([
    ["start", "iscadm", 30],
    ["start", "raw crun", 34],
    ["memory", "iscadm", 0.7],
  ]);
  assert.deepEqual(verdicts["memory per running ISC ≤ 0.75 MiB"], { verdict: "HELD", evidence: "0.70 MiB" });
});

test("rows that were not measured have no verdict", () => {
  assert.deepEqual(measured([["start", "docker", 300]]), {});
});

test("a ratio of a row's own is held against the least it may be", () => {
  const verdicts = measured([["flows-ratio keep-alive", "iscadm", 0.96]]);
  assert.deepEqual(verdicts["2,000 flows ≥ 0.97 × 10 flows, keep-alive"], { verdict: "MISSED", evidence: "0.96 ×" });
});
