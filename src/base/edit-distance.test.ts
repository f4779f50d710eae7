import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { closest, editDistance } from "./edit-distance.ts";

test("the distance counts inserted, dropped, replaced and swapped letters", () => {
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("lisetn", "listen"), 1);
});

test("the nearest word is offered, whatever its case", () => {
  assert.equal(closest("lsiten", ["listen", "expose", "connect"]), "listen");
  assert.equal(closest("Memroy", ["memory", "cpu"]), "memory");
  assert.equal(closest("ls", ["ls", "lt"]), "ls");
});

test("nothing is offered when nothing is near", () => {
  assert.equal(closest("banana", ["listen", "expose"]), undefined);
  assert.equal(closest("x", []), undefined);
});

const word = fc.string({ maxLength: 12 });

test("the distance is 0 for equal words only, the same both ways, and never more than the longer word", () => {
  fc.assert(
    fc.property(word, word, (from, to) => {
      const distance = editDistance(from, to);
      assert.equal(distance === 0, from === to);
      assert.equal(distance, editDistance(to, from));
      assert.ok(distance <= Math.max(from.length, to.length));
    }),
  );
});
