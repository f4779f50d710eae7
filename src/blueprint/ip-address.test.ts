import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress, parsePrefix } from "./ip-address.ts";

test("every address has one spelling", () => {
  assert.equal(parseAddress("10.0.0.5"), "10.0.0.5");
  assert.equal(parseAddress("FD00:0:0::0001"), "fd00::1");
  assert.equal(parseAddress("::1"), "::1");
});

test("what is no address is refused", () => {
  for (const text of [
    "",
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "10.0.0.5.6",
    "1.2.3.4 ",
    "::1%eth0",
    "[::1]",
    "fd00",
    ":::",
    "1:2:3",
    "x::1",
  ]) {
    assert.equal(parseAddress(text), undefined, text);
  }
});

test("a prefix has no bits beyond its length", () => {
  assert.equal(parsePrefix("10.0.0.0/8"), "10.0.0.0/8");
  assert.equal(parsePrefix("0.0.0.0/0"), "0.0.0.0/0");
  assert.equal(parsePrefix("fd00:1::/32"), "fd00:1::/32");
  assert.equal(parsePrefix("::/0"), "::/0");
  for (const text of ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "fd00::1/64", "fd00::/129", "10.0.0.0/8/8"]) {
    assert.equal(parsePrefix(text), undefined, text);
  }
});

test("a prefix of one address is that address", () => {
  assert.equal(parsePrefix("10.0.0.1/32"), "10.0.0.1");
  assert.equal(parsePrefix("fd00::1/128"), "fd00::1");
});
