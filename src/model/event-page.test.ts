import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../", import.meta.url).pathname;
const page = readFileSync(`${root}docs/reference/events.md`, "utf8");
const literal = /kind: "([a-z]+\.[a-z-]+)"|\("((?:ledger|dock|forward)\.[a-z-]+)", "/g;

test("the page of events names every kind that is told", () => {
  const files = globSync("src/**/*.ts", { cwd: root }).filter((file) => !/(\.test|fake-[^/]+)\.ts$/.test(file));
  const kinds = new Set(files.flatMap((file) => [...readFileSync(`${root}${file}`, "utf8").matchAll(literal)].map(([, a, b]) => a ?? b)));
  assert.ok(kinds.size > 15, `${kinds.size}`);
  assert.deepEqual(
    [...kinds].filter((kind) => !page.includes(`\`${kind}\``)),
    [],
  );
});
