import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeBudgets } from "./budgets.ts";
import { Measurements } from "./measurements.ts";
import { renderJson, renderReport } from "./report.ts";

const start = { id: "start", title: "start → first 200", unit: "ms", reference: "raw crun" } as const;

function sample(): Measurements {
  const measurements = new Measurements();
  for (const value of [31, 30, 35]) measurements.add(start, "iscadm", value);
  for (const value of [25, 24, 40]) measurements.add(start, "raw crun", value);
  measurements.skip(start, "podman", "podman is not installed");
  return measurements;
}

test("each contender shows minimum, median, maximum and its ratio to the reference", () => {
  const lines = renderReport(sample(), []).split("\n");
  assert.equal(lines[1], "start → first 200, ms  raw crun  24.0    25.0  40.0  3");
  assert.equal(lines[2], "                       iscadm    30.0    31.0  35.0  3  1.24 × raw crun");
});

test("an engine that could not run shows as SKIP with its reason", () => {
  assert.match(renderReport(sample(), []), /podman +SKIP +podman is not installed/);
});

test("verdicts follow with their figures", () => {
  const measurements = sample();
  assert.match(renderReport(measurements, judgeBudgets(measurements)), /HELD +start ≤ 1\.5 × raw crun +1\.24 × \(31\.0 against 25\.0\)/);
});

test("JSON carries every single value", () => {
  const { results } = JSON.parse(renderJson(sample(), []));
  assert.deepEqual(results[1].values, [31, 30, 35]);
  assert.equal(results[2].skipped, "podman is not installed");
});
