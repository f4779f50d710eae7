import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress, parsePrefix, withoutHostBits } from "./ip-address.ts";

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

test("host bits are cleared to say what was meant", () => {
  assert.equal(withoutHostBits("10.1.2.3/8"), "10.0.0.0/8");
  assert.equal(withoutHostBits("10.1.2.3/0"), "0.0.0.0/0");
  assert.equal(withoutHostBits("10.1.2.3/31"), "10.1.2.2/31");
  assert.equal(withoutHostBits("fd00:1:2:3:4::5/64"), "fd00:1:2:3::/64");
  for (const text of ["10.1.2.3", "10.1.2.3/33", "10.1.2/8", "10.1.2.3/8/8", "fd00::/129", ""]) {
    assert.equal(withoutHostBits(text), undefined, text);
  }
});
