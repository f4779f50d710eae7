import assert from "node:assert/strict";
import { test } from "node:test";
import { SharedWords } from "./exec-gate-shared.ts";

test("a session is known from its start to its end, and a number of them at once", () => {
  const words = new SharedWords(SharedWords.create());
  words.expectSession();
  assert.ok(words.addSession(7));
  words.expectSession();
  assert.ok(words.addSession(8));
  assert.deepEqual([...words.sessions()], [7, 8]);
  words.removeSession(7);
  assert.deepEqual([...words.sessions()], [8]);
});

test("one that could not be started keeps nobody waiting", () => {
  const words = new SharedWords(SharedWords.create());
  words.expectSession();
  words.addSession(undefined);
  assert.equal(words.sessions().size, 0);
});

test("no more fit than there is room for, and that is said", () => {
  const words = new SharedWords(SharedWords.create());
  const added = Array.from({ length: 65 }, (_, index) => {
    words.expectSession();
    return words.addSession(index + 1);
  });
  assert.deepEqual([added[63], added[64], words.sessions().size], [true, false, 64]);
});
