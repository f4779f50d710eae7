import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseBandwidth, renderBandwidth } from "./bandwidth.ts";

test("a bandwidth is a number with a decimal unit", () => {
  assert.equal(parseBandwidth("10Mbit"), 10_000_000);
  assert.equal(parseBandwidth("10Mbit/s"), 10_000_000);
  assert.equal(parseBandwidth("1.5 Gbit"), 1_500_000_000);
  assert.equal(parseBandwidth("1.001kbit"), 1_001);
  assert.equal(parseBandwidth("64bit"), 64);
});

test("what says less or more than bits a second is none", () => {
  for (const text of [
    "",
    "10",
    "10M",
    "10mbit",
    "10MB",
    "10Mbit/m",
    "-1kbit",
    "1.0001kbit",
    "0.5bit",
    ".5kbit",
    "1e3kbit",
    "9999999999Gbit",
  ]) {
    assert.equal(parseBandwidth(text), undefined, text);
  }
});

test("what is rendered is parsed to the same bits", () => {
  fc.assert(fc.property(fc.nat({ max: 100_000_000_000 }), (bits) => assert.equal(parseBandwidth(renderBandwidth(bits)), bits)));
  assert.equal(renderBandwidth(100_000_000), "100Mbit");
});
