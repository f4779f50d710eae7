import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { percentile, ratioOf, summarize } from "./statistics.ts";

/** What can be measured: no zero below zero, which would be another value. */
const series = fc.array(fc.double({ noNaN: true, min: 0, max: 1e9 }), { minLength: 1 });

test("the median is the middle value, or halfway between the two middle ones", () => {
  assert.deepEqual(summarize([9, 1, 5]), { count: 3, min: 1, median: 5, max: 9 });
  assert.deepEqual(summarize([4, 1, 2, 3]), { count: 4, min: 1, median: 2.5, max: 4 });
});

test("nothing measured has no summary", () => {
  assert.equal(summarize([]), undefined);
});

test("minimum, median and maximum are in order, whatever order the values came in", () => {
  fc.assert(
    fc.property(series, (values) => {
      const summary = summarize(values);
      assert(summary);
      assert(summary.min <= summary.median && summary.median <= summary.max);
      assert.deepEqual(summarize(values.toReversed()), summary);
    }),
  );
});

test("a ratio to nothing, or to nothing measured, is no ratio", () => {
  assert.equal(ratioOf(3, 2), 1.5);
  assert.equal(ratioOf(3, 0), undefined);
  assert.equal(ratioOf(3, undefined), undefined);
  assert.equal(ratioOf(undefined, 2), undefined);
});

test("a percentile is a value of the series, the largest one at most", () => {
  assert.equal(percentile([4, 1, 3, 2], 0.5), 2);
  assert.equal(percentile([4, 1, 3, 2], 0.99), 4);
  assert.throws(() => percentile([], 0.5), /nothing was measured/);
});
