import assert from "node:assert/strict";
import { test } from "node:test";
import type { TreeEntry } from "../../host/tree-hash.ts";
import { isDispensable, planSlimming } from "./slim-plan.ts";

const directory = (path: string): TreeEntry => ({ path, kind: "directory", mode: 0o755, uid: 0, gid: 0, sizeBytes: 0 });
const file = (path: string): TreeEntry => ({ path, kind: "file", mode: 0o644, uid: 0, gid: 0, sizeBytes: 1 });
const link = (path: string): TreeEntry => ({ path, kind: "symlink", mode: 0o777, uid: 0, gid: 0, sizeBytes: 0, target: "usr/lib" });
const dpkg = { name: "dpkg", version: "1", architecture: "amd64" };
const nginx = { name: "nginx-light", version: "1", architecture: "amd64" };

test("the package manager goes with all its files, a service's stay", () => {
  const lists: Record<string, readonly string[]> = {
    dpkg: ["/.", "/usr", "/usr/bin", "/usr/bin/dpkg", "/usr/sbin/start-stop-daemon"],
    "nginx-light": ["/usr/sbin/nginx"],
  };
  const entries = [
    directory("/usr"),
    directory("/usr/bin"),
    file("/usr/bin/dpkg"),
    file("/usr/sbin/nginx"),
    file("/usr/sbin/start-stop-daemon"),
  ];
  assert.deepEqual(
    planSlimming(entries, [dpkg, nginx], (pkg) => lists[pkg.name] ?? []),
    ["/usr/bin/dpkg"],
  );
});

test("a link that dpkg lists as a directory stays: without /lib nothing runs", () => {
  const listed = () => ["/.", "/lib", "/lib/systemd", "/lib/systemd/system", "/lib/systemd/system/x.timer", "/sbin"];
  const entries = [link("/lib"), link("/sbin"), file("/usr/lib/systemd/system/x.timer")];
  assert.deepEqual(planSlimming(entries, [dpkg], listed), ["/usr/lib/systemd/system/x.timer"]);
});

test("documentation goes, licences stay", () => {
  const entries = [
    directory("/usr/share/doc"),
    directory("/usr/share/doc/x"),
    file("/usr/share/doc/x/changelog.gz"),
    file("/usr/share/doc/x/copyright"),
  ];
  assert.deepEqual(
    planSlimming(entries, [], () => []),
    ["/usr/share/doc/x/changelog.gz"],
  );
});

test("of a tree that goes only its top is named, and its neighbours stay", () => {
  const entries = [
    directory("/var/lib/dpkg"),
    directory("/var/lib/dpkg/info"),
    file("/var/lib/dpkg/status"),
    directory("/var/lib/dpkg-like"),
  ];
  assert.deepEqual(
    planSlimming(entries, [], () => []),
    ["/var/lib/dpkg"],
  );
});

test("libraries and interpreters of services are never dispensable", () => {
  for (const name of ["perl-base", "perl", "python3-minimal", "libc6", "bash", "dash", "passwd", "libapt-inst"])
    assert.ok(!isDispensable({ name }), name);
  for (const name of ["apt", "dpkg", "debconf", "libapt-pkg6.0", "libapt-pkg6.0t64"]) assert.ok(isDispensable({ name }), name);
});
