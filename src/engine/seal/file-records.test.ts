import assert from "node:assert/strict";
import { test } from "node:test";
import type { TreeEntry } from "../../host/tree-hash.ts";
import { FileRecord } from "../../model/image.ts";
import { listFileRecords, renderFileRecords } from "./file-records.ts";

const directory = (path: string, mode = 0o755): TreeEntry => ({ path, kind: "directory", mode, uid: 0, gid: 0, sizeBytes: 0 });
const file: TreeEntry = { path: "/a/b", kind: "file", mode: 0o644, uid: 33, gid: 4, sizeBytes: 3, sha256: "00" };

test("records are sorted by the bytes of the path and read back as they were", () => {
  const link: TreeEntry = { path: "/a-b", kind: "symlink", mode: 0o777, uid: 0, gid: 0, sizeBytes: 0, target: "a" };
  const records = listFileRecords([directory("/"), directory("/a"), file, link]);
  assert.deepEqual(
    records.map((record) => record.path),
    ["/", "/a", "/a-b", "/a/b"],
  );
  const lines = renderFileRecords(records).trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => FileRecord.parse(JSON.parse(line))),
    records,
  );
});

test("what no image may hold is not recorded but refused", () => {
  assert.throws(() => listFileRecords([{ ...file, kind: "other" }]), /neither file/);
  assert.throws(() => listFileRecords([{ ...file, mode: 0o4755 }]), /mode 4755/);
  assert.throws(() => listFileRecords([directory("/tmp", 0o1777)]), /mode 1777/);
  const { sha256: _, ...unhashed } = file;
  assert.throws(() => listFileRecords([unhashed]), /not hashed/);
});
