import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSize, renderRoundedSize, renderSize } from "./size.ts";

test("sizes are read in binary units, with or without a space", () => {
  assert.equal(parseSize("128MiB"), 134_217_728);
  assert.equal(parseSize("64 KiB"), 65_536);
  assert.equal(parseSize("1.5GiB"), 1_610_612_736);
  assert.equal(parseSize("2TiB"), 2_199_023_255_552);
  assert.equal(parseSize("4096"), 4096);
  assert.equal(parseSize("512B"), 512);
  assert.equal(parseSize("0"), 0);
});

test("what is no size is refused", () => {
  for (const text of ["", "MiB", "-1MiB", "1MB", "1mib", "1.MiB", ".5MiB", "1 2MiB", " 1MiB", "0.3B", "1e3", "99999999TiB"]) {
    assert.equal(parseSize(text), undefined, text);
  }
});

test("an exact size takes the largest unit that divides it", () => {
  assert.equal(renderSize(134_217_728), "128MiB");
  assert.equal(renderSize(1_610_612_736), "1536MiB");
  assert.equal(renderSize(1000), "1000B");
  assert.equal(renderSize(0), "0B");
});

test("a rendered size is parsed back to the same bytes", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (sizeBytes) => assert.equal(parseSize(renderSize(sizeBytes)), sizeBytes)));
});

test("a rounded size is short", () => {
  assert.equal(renderRoundedSize(0), "0 B");
  assert.equal(renderRoundedSize(999), "999 B");
  assert.equal(renderRoundedSize(1000), "1.0 KiB");
  assert.equal(renderRoundedSize(64_277_000), "61.3 MiB");
  assert.equal(renderRoundedSize(134_217_728), "128 MiB");
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 50 - 1 }), (sizeBytes) =>
      assert.match(renderRoundedSize(sizeBytes), /^(\d{1,4}|\d{1,2}\.\d) [KMGT]?i?B$/),
    ),
  );
});
