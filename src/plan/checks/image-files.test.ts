import assert from "node:assert/strict";
import { test } from "node:test";
import { capabilityMask, capabilityNames } from "./capability-names.ts";
import { summarizeImageFiles } from "./image-files.ts";

const line = (path: string, kind: string, mode: number) => JSON.stringify({ path, kind, mode, uid: 0, gid: 0 });

test("what an image should not hold is found in its list of files", () => {
  const summary = summarizeImageFiles(
    [
      line("/usr/bin/ls", "file", 0o755),
      line("/usr/bin/su", "file", 0o4755),
      line("/usr/bin/wall", "file", 0o2755),
      line("/etc/open", "file", 0o666),
      line("/tmp", "directory", 0o1777),
      line("/open", "directory", 0o777),
      line("/bin", "symlink", 0o777),
      line("/usr/bin/dpkg", "file", 0o755),
      line("/usr/bin/apt", "symlink", 0o777),
      line("/dev/sda", "block", 0o660),
      "",
    ].join("\n"),
  );
  assert.deepEqual(summary.setId, ["/usr/bin/su", "/usr/bin/wall"]);
  assert.deepEqual(summary.worldWritable, ["/etc/open", "/open"]);
  assert.deepEqual(summary.packageManagers, ["/usr/bin/dpkg", "/usr/bin/apt"]);
  assert.equal(summary.odd.length, 1);
  assert.deepEqual([...summary.files], ["/usr/bin/ls", "/usr/bin/su", "/usr/bin/wall", "/etc/open", "/usr/bin/dpkg"]);
});

test("capabilities have the numbers that the kernel gives them", () => {
  assert.deepEqual(capabilityNames(0n), []);
  assert.deepEqual(capabilityNames((1n << 10n) | (1n << 21n) | (1n << 40n) | (1n << 63n)), [
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_ADMIN",
    "CAP_CHECKPOINT_RESTORE",
    "CAP_63",
  ]);
  assert.equal(capabilityMask(["CAP_NET_BIND_SERVICE", "CAP_UNHEARD_OF"]), 1024n);
});
