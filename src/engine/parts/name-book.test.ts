import assert from "node:assert/strict";
import { test } from "node:test";
import type { Host } from "../../host/host.ts";
import { NameBook } from "./name-book.ts";

/** A resolver whose answers the test sets. */
function bookWith(answers: Map<string, readonly string[]>): NameBook {
  return new NameBook({ resolveName: async (name) => answers.get(name) ?? [] } satisfies Pick<Host, "resolveName">);
}

test("a name that changes its addresses is told, in whatever order they come", async () => {
  const answers = new Map<string, readonly string[]>([["db.example", ["192.0.2.2", "192.0.2.1"]]]);
  const book = bookWith(answers);
  assert.deepEqual(await book.refresh(["db.example"]), ["db.example"]);
  answers.set("db.example", ["192.0.2.1", "192.0.2.2"]);
  assert.deepEqual(await book.refresh(["db.example"]), []);
  answers.set("db.example", ["192.0.2.9"]);
  assert.deepEqual(await book.refresh(["db.example"]), ["db.example"]);
  assert.deepEqual(book.addressesOf("db.example"), ["192.0.2.9"]);
});

test("a name that stops resolving keeps its last addresses", async () => {
  const answers = new Map<string, readonly string[]>([["db.example", ["192.0.2.1"]]]);
  const book = bookWith(answers);
  await book.refresh(["db.example"]);
  answers.delete("db.example");
  assert.deepEqual(await book.refresh(["db.example"]), []);
  assert.deepEqual(book.addressesOf("db.example"), ["192.0.2.1"]);
});
