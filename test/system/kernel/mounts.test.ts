import assert from "node:assert/strict";
import { closeSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { KernelError } from "../../../src/host/kernel/libc.ts";
import { parseMountInfo } from "../../../src/host/kernel/mountinfo.ts";
import { cloneMountWithIdmap, MS_NODEV, MS_RDONLY, mount, setMountAttributes, unmount } from "../../../src/host/kernel/mounts.ts";
import { UserNamespacePool } from "../../../src/host/kernel/user-namespace.ts";
import { makePrivateMount } from "./private-mount.ts";

test("a refused mount names both ends and the kernel's reason", () => {
  using place = makePrivateMount();
  assert.throws(
    () => mount("/nowhere", join(place.path, "missing"), "ext4"),
    (error) => error instanceof KernelError && error.code === "ENOENT" && error.message.startsWith("mount /nowhere on /"),
  );
  assert.throws(() => unmount(place.path.replace(/.$/, "?")), /^KernelError: unmount .*: ENOENT \(no such file or directory\)$/);
});

test("a mount has the attributes it was given, then those it was changed to", () => {
  using place = makePrivateMount();
  const target = join(place.path, "a b");
  mkdirSync(target);
  mount("scratch", target, "tmpfs", MS_NODEV, "size=64k");
  assert.deepEqual(describe(target)?.options, ["rw", "nodev", "relatime"]);
  setMountAttributes(target, { set: MS_RDONLY });
  assert.deepEqual(describe(target)?.options, ["ro", "nodev", "relatime"]);
  unmount(target);
  assert.equal(describe(target), undefined);
});

test("an idmapped clone shows the same files under the host ids of a user namespace, sealed", async () => {
  using place = makePrivateMount();
  const source = join(place.path, "source");
  const target = join(place.path, "target");
  for (const folder of [source, target]) mkdirSync(folder);
  mount("source", source, "tmpfs");
  writeFileSync(join(source, "file"), "sealed");
  const pool = new UserNamespacePool(1);
  const userNamespaceFd = await pool.take({ insideId: 0, hostId: 231_072, count: 65_536 });
  cloneMountWithIdmap({ source, target, userNamespaceFd, readOnly: true, noSuid: true, noDev: true });
  closeSync(userNamespaceFd);
  await pool.close();
  assert.equal(statSync(join(target, "file")).uid, 231_072);
  assert.equal(statSync(join(source, "file")).uid, 0);
  assert.deepEqual(describe(target)?.options, ["ro", "nosuid", "nodev", "relatime", "idmapped"]);
  assert.deepEqual(describe(target)?.optional, []);
  assert.throws(() => writeFileSync(join(target, "file"), ""), /EROFS/);
  unmount(target);
  unmount(source);
});

function describe(mountPoint: string) {
  return parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8")).find((entry) => entry.mountPoint === mountPoint);
}
