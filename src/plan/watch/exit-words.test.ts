import assert from "node:assert/strict";
import { test } from "node:test";
import { describeExit } from "./exit-words.ts";

test("an exit is told by code, or by the signal that caused it", () => {
  const words = [undefined, 0, 1, 128, 137, 159, 160, 255].map(describeExit);
  assert.deepEqual(words, [
    "its process ended",
    "its process ended with 0",
    "its process ended with 1",
    "its process ended with 128",
    "its process was ended by SIGKILL",
    "its process was ended by SIGSYS",
    "its process was ended by signal 32",
    "its process ended with 255",
  ]);
});
