import assert from "node:assert/strict";
import { test } from "node:test";
import { diffPackages } from "./diff-packages.ts";

test("changed, new and gone packages are told by name; what stayed is not", () => {
  const before = [
    { name: "nginx", version: "1.22.1-9" },
    { name: "libc6", version: "2.36-9" },
    { name: "perl", version: "5.36" },
  ];
  const after = [
    { name: "zlib1g", version: "1.2" },
    { name: "libc6", version: "2.36-9" },
    { name: "nginx", version: "1.22.1-9+deb12u1" },
  ];
  assert.deepEqual(diffPackages(before, after), [
    { name: "nginx", from: "1.22.1-9", to: "1.22.1-9+deb12u1" },
    { name: "perl", from: "5.36" },
    { name: "zlib1g", to: "1.2" },
  ]);
  assert.deepEqual(diffPackages(after, after), []);
});
