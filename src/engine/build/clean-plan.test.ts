import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TreeEntry } from "../../host/tree-hash.ts";
import { allowedMode, lockShadow, planCleaning, zeroPythonTime } from "./clean-plan.ts";

const entry = (path: string, mode = 0o644, kind: TreeEntry["kind"] = "file"): TreeEntry => ({
  path,
  kind,
  mode,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
});

test("setuid, setgid and sticky bits and the right of everybody to write go, whatever the mode", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0o7777 }), (mode) => {
      assert.equal(allowedMode({ kind: "file", mode }) & 0o7002, 0);
      assert.equal(allowedMode({ kind: "directory", mode }) & 0o775, mode & 0o775);
    }),
  );
  assert.deepEqual(planCleaning([entry("/usr/bin/su", 0o4755), entry("/usr/bin/ls", 0o755)]).chmod, [{ path: "/usr/bin/su", mode: 0o755 }]);
});

test("a symlink's mode means nothing and stays", () => {
  assert.deepEqual(planCleaning([entry("/bin", 0o777, "symlink")]).chmod, []);
});

test("keys, seeds, backups and devices are taken out", () => {
  const unwanted = [
    "/etc/ssh/ssh_host_ed25519_key",
    "/etc/ssh/ssh_host_rsa_key.pub",
    "/etc/ssl/private/ssl-cert-snakeoil.key",
    "/etc/ssl/certs/ssl-cert-snakeoil.pem",
    "/var/lib/systemd/random-seed",
    "/etc/shadow-",
    "/var/cache/ldconfig/aux-cache",
    "/var/log/dpkg.log",
    "/run/utmp",
  ];
  const kept = [entry("/etc/ssh/ssh_config"), entry("/etc/passwd"), entry("/var/log/nginx", 0o755, "directory"), entry("/etc/ld.so.cache")];
  const device = entry("/usr/lib/odd", 0o600, "other");
  assert.deepEqual(planCleaning([...unwanted.map((path) => entry(path)), ...kept, device]).remove, [...unwanted, device.path]);
});

test("every password is locked and the day of the build left out", () => {
  assert.equal(lockShadow("root:$6$x$y:19000:0:99999:7:::\nwww-data::20000:::::\n"), "root:!*::0:99999:7:::\nwww-data:!*::0:99999:7:::\n");
  assert.equal(lockShadow(""), "");
});

test("only a compiled Python file that goes by its source's time is changed", () => {
  const compiled = Buffer.concat([
    Buffer.from([0xa7, 0x0d, 0x0d, 0x0a]),
    Buffer.from([0, 0, 0, 0]),
    Buffer.from([1, 2, 3, 4]),
    Buffer.from([9, 0, 0, 0]),
  ]);
  assert.ok(zeroPythonTime(compiled));
  assert.deepEqual([...compiled.subarray(8, 16)], [0, 0, 0, 0, 9, 0, 0, 0]);
  assert.ok(!zeroPythonTime(compiled));
  assert.ok(!zeroPythonTime(Buffer.from("not a compiled file at all")));
  assert.ok(!zeroPythonTime(Buffer.alloc(0)));
});
