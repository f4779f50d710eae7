import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseIpAddress, parseMac, renderIpAddress, renderMac } from "./network-address.ts";

test("an address comes back from its bytes in its shortest form", () => {
  for (const [text, shortest] of [
    ["10.201.0.5", "10.201.0.5"],
    ["fd00:0:0::1", "fd00::1"],
    ["::", "::"],
    ["::ffff:10.0.0.1", "::ffff:a00:1"],
    ["FD00:1:2:3:4:5:6:7", "fd00:1:2:3:4:5:6:7"],
  ] as const) {
    assert.equal(renderIpAddress(parseIpAddress(text).bytes), shortest);
  }
});

test("any 4 or 16 bytes survive being written and read", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })), (bytes) => {
      assert.deepEqual(parseIpAddress(renderIpAddress(Buffer.from(bytes))).bytes, Buffer.from(bytes));
    }),
  );
});

test("what is no address is refused by name", () => {
  assert.throws(() => parseIpAddress("10.0.0.256"), /not an IP address: 10.0.0.256/);
  assert.throws(() => parseIpAddress("fe80::1%eth0"), /not an IP address/);
  assert.throws(() => parseMac("02:00:00:00:00"), /not a MAC address/);
  assert.equal(renderMac(parseMac("02:00:00:0A:00:01")), "02:00:00:0a:00:01");
});
