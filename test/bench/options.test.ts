import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBenchOptions, rowNames } from "./options.ts";

test("without options every row is measured nine times", () => {
  assert.deepEqual(parseBenchOptions([]), { rounds: 9, only: rowNames, small: false });
});

test("rows, rounds and the file for JSON can be chosen", () => {
  const options = parseBenchOptions(["--only", "start,reset", "--rounds", "5", "--json", "out.json", "--small"]);
  assert.deepEqual(options, { rounds: 5, only: ["start", "reset"], small: true, jsonFile: "out.json" });
});

test("a row that does not exist is named with those that do", () => {
  assert.throws(() => parseBenchOptions(["--only", "strat"]), /--only strat: no such row; there are start, reset/);
});

test("rounds must be a whole number of at least one", () => {
  for (const rounds of ["0", "many", "2.5"]) assert.throws(() => parseBenchOptions(["--rounds", rounds]), /no number from 1 to 1000/);
});

test("an unknown option is refused", () => {
  assert.throws(() => parseBenchOptions(["--fast"]), /--fast/);
});
