import assert from "node:assert/strict";
import { test } from "node:test";
import { advanceHealth, type HealthState } from "./health-state.ts";

test("it is ill after so many failures in a row, told once, and well after one success, told once", () => {
  const faults = [undefined, "x", "x", undefined, "x", "x", "x", "y", "y", undefined, undefined];
  let state: HealthState | undefined;
  const changes = faults.map((fault, index) => {
    const step = advanceHealth(state, fault, index, 3);
    state = step.state;
    return step.change;
  });
  const none = undefined;
  assert.deepEqual(changes, [none, none, none, none, none, none, "failed", none, none, "passed", none]);
  assert.deepEqual(state, { well: true, failures: 0, checkedAtMs: 10 });
});

test("the last fault is kept while it is ill", () => {
  assert.deepEqual(advanceHealth(undefined, "ECONNREFUSED", 5, 1), {
    state: { well: false, failures: 1, fault: "ECONNREFUSED", checkedAtMs: 5 },
    change: "failed",
  });
});
