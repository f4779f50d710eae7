import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBenchOptions, rivalNames, rowNames } from "./options.ts";

test("without options every row is measured nine times", () => {
  assert.deepEqual(parseBenchOptions([]), { rounds: 9, only: rowNames, against: rivalNames, small: false });
});

test("rows, rivals, rounds and the file for JSON can be chosen", () => {
  const options = parseBenchOptions(["--only", "start,reset", "--rounds", "5", "--json", "out.json", "--small", "--against", "crun"]);
  assert.deepEqual(options, { rounds: 5, only: ["start", "reset"], against: ["crun"], small: true, jsonFile: "out.json" });
});

test("a row or rival that does not exist is answered with those that do", () => {
  assert.throws(() => parseBenchOptions(["--only", "strat"]), /--only strat: there is no such one, only start, reset/);
  assert.throws(() => parseBenchOptions(["--against", "lxd"]), /--against lxd: there is no such one, only crun, podman, docker/);
});

test("rounds must be a whole number of at least one", () => {
  for (const rounds of ["0", "many", "2.5"]) assert.throws(() => parseBenchOptions(["--rounds", rounds]), /no number from 1 to 1000/);
});

test("an unknown option is refused", () => {
  assert.throws(() => parseBenchOptions(["--fast"]), /--fast/);
});
