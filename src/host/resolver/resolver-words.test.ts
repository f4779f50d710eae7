import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readWordOfResolver, type WordOfResolver } from "./resolver-words.ts";

test("what a resolver says is understood", () => {
  const words: readonly WordOfResolver[] = [
    { kind: "listening" },
    { kind: "took", number: 3 },
    { kind: "ask", id: 1, asker: "web", name: "api.org" },
    { kind: "failed", reason: "EACCES" },
    {
      kind: "report",
      report: {
        refused: [{ asker: "web", source: "10.0.0.1", name: "a.org", type: "A", reason: "name", count: 2 }],
        further: [{ asker: "web", count: 1 }],
        strangers: 0,
      },
    },
  ];
  for (const word of words) assert.deepEqual(readWordOfResolver(JSON.stringify(word)), word);
});

test("anything else is nothing", () => {
  const crooked = [
    "",
    "null",
    "[]",
    '{"kind":"ask","id":-1,"asker":"web","name":"a"}',
    '{"kind":"ask","id":1,"asker":["web"],"name":"a"}',
    `{"kind":"failed","reason":"${"x".repeat(10_000)}"}`,
    '{"kind":"report","report":{"refused":[null],"further":[],"strangers":0}}',
    '{"kind":"report","report":{"refused":[],"further":[],"strangers":1e99}}',
  ];
  for (const line of crooked) assert.equal(readWordOfResolver(line), undefined, line);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => void readWordOfResolver(line)));
});
