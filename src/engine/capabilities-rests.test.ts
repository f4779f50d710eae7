import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { contractRows } from "../model/finding.ts";
import { restsOf } from "./capabilities-rests.ts";

const onOf = (row: string, ...names: readonly string[]) =>
  restsOf(names.map((name) => ({ name, present: true, detail: "" }))).find((rest) => rest.row === row)?.on;

test("scratch rests on dm-crypt, which hides more, where the host has both", () => {
  assert.match(onOf("scratch.encrypted", "fscrypt", "dm-crypt") ?? "", /^dm-crypt/);
  assert.match(onOf("scratch.encrypted", "fscrypt") ?? "", /^fscrypt/);
});

test("the seal rests on the kernel where it has fs-verity, else on the dock", () => {
  assert.equal(onOf("root.sealed", "erofs", "fs-verity"), "EROFS, and fs-verity by the kernel at every read");
  assert.match(onOf("root.sealed", "erofs") ?? "", /checked by the dock at mount/);
});

test("what is missing is named", () => {
  assert.equal(onOf("uid.range", "user-namespaces"), "nothing: this host lacks idmapped-mounts");
  assert.equal(onOf("limit.memory"), "nothing: this host lacks cgroup-memory");
  assert.equal(restsOf([{ name: "nftables", present: false, detail: "" }])[0]?.on, "nothing: this host lacks nftables");
});

test("every row is answered once, whatever the host has", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ name: fc.string(), present: fc.boolean(), detail: fc.string() })), (capabilities) => {
      assert.deepEqual(
        restsOf(capabilities).map(({ row }) => row),
        [...contractRows],
      );
    }),
  );
});
