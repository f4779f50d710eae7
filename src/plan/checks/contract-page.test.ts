import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { contractRows } from "../../model/finding.ts";

test("the reference page has every row once, in the contract's order", () => {
  const page = readFileSync(new URL("../../../docs/reference/contract.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| ([a-z]+(?:\.[a-z]+)?) \|/gm)]
    .map((match) => match[1])
    .filter((row) => row !== "row" && row !== "rule");
  assert.deepEqual(rows, [...contractRows]);
});
