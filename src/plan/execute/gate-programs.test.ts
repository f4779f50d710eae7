import assert from "node:assert/strict";
import { test } from "node:test";
import { listPrograms } from "./gate-programs.ts";

test("programs are the regular files with a bit for execution", () => {
  const line = (path: string, kind: string, mode: number) =>
    JSON.stringify({ path, kind, mode, uid: 0, gid: 0, sizeBytes: 3, sha256: "ab" });
  const text = [
    line("/bin/a", "file", 0o755),
    line("/bin", "directory", 0o755),
    line("/etc/x", "file", 0o644),
    line("/b", "file", 0o601),
    "",
  ];
  assert.deepEqual(
    listPrograms(text.join("\n")).map(({ path }) => path),
    ["/bin/a", "/b"],
  );
});
