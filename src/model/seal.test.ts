import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeForSigning } from "./seal.ts";

test("what is signed is the example of DSSE's own specification", () => {
  const bytes = encodeForSigning("http://example.com/HelloWorld", new TextEncoder().encode("hello world"));
  assert.equal(new TextDecoder().decode(bytes), "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
});
