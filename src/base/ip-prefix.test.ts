import assert from "node:assert/strict";
import { test } from "node:test";
import { liesWithin, prefixesOverlap } from "./ip-prefix.ts";

test("prefixes of one family lie in each other, overlap, or do neither", () => {
  assert.ok(liesWithin("10.1.0.0/16", "10.0.0.0/8"));
  assert.ok(liesWithin("10.1.2.3", "10.1.2.3"));
  assert.ok(liesWithin("fd00::1", "fc00::/7"));
  assert.ok(!liesWithin("10.0.0.0/8", "10.1.0.0/16"));
  assert.ok(prefixesOverlap("10.0.0.0/8", "10.1.0.0/16"));
  assert.ok(!prefixesOverlap("10.0.0.0/16", "10.1.0.0/16"));
  assert.ok(!prefixesOverlap("0.0.0.0/0", "::/0"));
  assert.ok(!prefixesOverlap("fd00:0:0:1::/64", "fd00:0:0:2::/64"));
});
