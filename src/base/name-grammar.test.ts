import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { namePattern, suggestName } from "./name-grammar.ts";

test("a suggestion keeps the letters that may stay", () => {
  assert.equal(suggestName("Web_1"), "web-1");
  assert.equal(suggestName("  my site! "), "my-site");
  assert.equal(suggestName("2fast"), "fast");
  assert.equal(suggestName("42"), undefined);
  assert.equal(suggestName(""), undefined);
});

test("every suggestion is a name, and a name is its own suggestion unless it holds hyphens in a row", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const name = suggestName(text);
      assert.ok(name === undefined || namePattern.test(name));
    }),
  );
  fc.assert(fc.property(fc.stringMatching(/^[a-z](?:-?[a-z0-9]){0,15}$/), (name) => assert.equal(suggestName(name), name)));
});
