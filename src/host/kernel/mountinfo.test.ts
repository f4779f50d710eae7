import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMountInfo } from "./mountinfo.ts";

const sample = `22 27 0:21 / /proc rw,relatime - proc proc rw
36 35 98:0 /mnt1 /mnt\\0402\\134x rw,noatime shared:3 master:1 - ext3 /dev/ro\\011ot rw,errors=continue
40 31 0:40 / /a rw - tmpfs  rw,size=4k
`;

test("a mount line gives every field, with octal escapes decoded", () => {
  assert.deepEqual(parseMountInfo(sample)[1], {
    id: 36,
    parentId: 35,
    major: 98,
    minor: 0,
    root: "/mnt1",
    mountPoint: "/mnt 2\\x",
    options: ["rw", "noatime"],
    optional: ["shared:3", "master:1"],
    type: "ext3",
    source: "/dev/ro\tot",
    superOptions: ["rw", "errors=continue"],
  });
});

test("a private mount has no optional fields, and an empty source is kept", () => {
  const [proc, , empty] = parseMountInfo(sample);
  assert.deepEqual(proc?.optional, []);
  assert.equal(empty?.source, "");
  assert.deepEqual(empty?.superOptions, ["rw", "size=4k"]);
});

test("a line of another shape is refused by name", () => {
  assert.throws(() => parseMountInfo("1 2 0:1 / /x rw\n"), /cannot read mountinfo line: 1 2/);
});
