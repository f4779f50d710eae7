import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readJsonLines } from "./json-lines.ts";

test("objects come back in order, wherever the bytes are cut, with or without a last line end", async () => {
  const objects = fc.array(fc.dictionary(fc.string(), fc.string({ unit: "grapheme" })), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(objects, fc.integer({ min: 1, max: 9 }), fc.boolean(), async (sent, step, ended) => {
      const bytes = Buffer.from(sent.map((object) => JSON.stringify(object)).join("\n") + (ended ? "\n" : ""));
      assert.deepEqual(JSON.stringify(await Array.fromAsync(readJsonLines(cut(bytes, step)))), JSON.stringify(sent));
    }),
  );
});

test("a line that is no JSON object is a syntax error", async () => {
  for (const text of ["nonsense\n", "7\n", "null", '{"a":']) {
    await assert.rejects(Array.fromAsync(readJsonLines(cut(Buffer.from(text), 3))), SyntaxError);
  }
});

async function* cut(bytes: Buffer, step: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += step) yield bytes.subarray(start, start + step);
}
