import assert from "node:assert/strict";
import { test } from "node:test";
import { describeLimits, describeUplink } from "./stack-words.ts";

test("limits are told in the words of the stack file", () => {
  const limits = { bitsPerSecond: 10_000_000, packetsPerSecond: 500, connections: 20, connectionsPerSecond: 5 };
  assert.equal(describeLimits(limits), "at most 10Mbit, 500 packets/s, 20 connections, 5 new connections/s");
  assert.equal(describeLimits({ connections: 200 }), "at most 200 connections");
  assert.equal(describeLimits({}), "");
});

test("a way out is told with what it goes by", () => {
  assert.equal(describeUplink({ kind: "any" }), "with a way out");
  assert.equal(describeUplink({ kind: "address", address: "192.0.2.7" }), "with a way out by 192.0.2.7");
  assert.equal(describeUplink({ kind: "interface", interface: "eth1" }), "with a way out by eth1");
});
