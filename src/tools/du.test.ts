import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDiskUse } from "./du.ts";

test("du's records give the bytes of each path, whatever the paths hold", () => {
  assert.deepEqual(parseDiskUse("4096\t/a\x008192\t/b\tc\nd\0"), [4_096, 8_192]);
  assert.deepEqual(parseDiskUse(""), []);
});
