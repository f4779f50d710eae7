import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDuration, renderDuration } from "./duration.ts";

test("durations are read in falling units", () => {
  assert.equal(parseDuration("250ms"), 250);
  assert.equal(parseDuration("5s"), 5000);
  assert.equal(parseDuration("1m30s"), 90_000);
  assert.equal(parseDuration("2h"), 7_200_000);
  assert.equal(parseDuration("1d"), 86_400_000);
  assert.equal(parseDuration("1.5s"), 1500);
  assert.equal(parseDuration("0s"), 0);
});

test("what is no duration is refused", () => {
  for (const text of ["", "5", "s", "-1s", "5 s", "30s1m", "1s1s", "5S", "1w", "0.5ms", "99999999999999d"]) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test("a duration is rendered without its empty units", () => {
  assert.equal(renderDuration(90_000), "1m30s");
  assert.equal(renderDuration(0), "0s");
  assert.equal(renderDuration(86_400_250), "1d250ms");
});

test("a rendered duration is parsed back to the same milliseconds", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (durationMs) => assert.equal(parseDuration(renderDuration(durationMs)), durationMs)));
});
