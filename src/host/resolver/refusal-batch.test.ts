import assert from "node:assert/strict";
import { test } from "node:test";
import { mostKindsOfOne, RefusalBatch } from "./refusal-batch.ts";

const refused = { asker: "web", source: "10.0.0.1", name: "a.org", type: "A", reason: "name" } as const;

test("equal refusals are one with a count, and a report starts anew", () => {
  const batch = new RefusalBatch();
  for (let query = 0; query < 3; query++) batch.note(refused);
  batch.note({ ...refused, type: "TXT" });
  batch.noteStranger();
  const { refused: told, further, strangers } = batch.take();
  assert.deepEqual(
    told.map(({ type, count }) => [type, count]),
    [
      ["A", 3],
      ["TXT", 1],
    ],
  );
  assert.deepEqual([further, strangers], [[], 1]);
  assert.deepEqual(batch.take(), { refused: [], further: [], strangers: 0 });
});

test("one asker's many kinds are counted, and another's are still told", () => {
  const batch = new RefusalBatch();
  for (let query = 0; query < 1_000; query++) batch.note({ ...refused, name: `${query}.org` });
  batch.note({ ...refused, asker: "app", name: "\u0000<\u001b[31m" });
  const { refused: told, further } = batch.take();
  assert.equal(told.length, mostKindsOfOne + 1);
  assert.deepEqual(further, [{ asker: "web", count: 1_000 - mostKindsOfOne }]);
  assert.equal(told.at(-1)?.name, "?<?[31m");
});
