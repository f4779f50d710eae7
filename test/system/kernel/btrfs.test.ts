import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  createSubvolume,
  deleteSubvolume,
  enableQuota,
  isSubvolume,
  readQuotaUsage,
  setQuotaLimit,
  setSubvolumeReadOnly,
  snapshotSubvolume,
} from "../../../src/host/kernel/btrfs.ts";
import { hasErrorCode } from "../../../src/host/kernel/libc.ts";
import { attachLoop } from "../../../src/host/kernel/loop.ts";
import { mount, unmount } from "../../../src/host/kernel/mounts.ts";
import { makeImage, makePrivateMount } from "./private-mount.ts";

function onBtrfs(run: (root: string) => void): void {
  using place = makePrivateMount();
  const disk = join(place.path, "disk");
  const root = join(place.path, "mnt");
  mkdirSync(root);
  makeImage(disk, 256 << 20, "mkfs.btrfs", "-q");
  {
    using loop = attachLoop(disk, { autoclear: true });
    mount(loop.device, root, "btrfs");
  }
  try {
    run(root);
  } finally {
    unmount(root);
  }
}

test("a read-only snapshot keeps what the subvolume has lost", () => {
  onBtrfs((root) => {
    const volume = join(root, "volume");
    const before = join(root, "before");
    const again = join(root, "again");
    createSubvolume(volume);
    assert.ok(isSubvolume(volume));
    writeFileSync(join(volume, "file"), "good");
    snapshotSubvolume(volume, before, { readOnly: true });
    writeFileSync(join(volume, "file"), "bad");
    assert.throws(() => writeFileSync(join(before, "file"), "bad"), /EROFS/);
    snapshotSubvolume(before, again);
    assert.equal(readFileSync(join(again, "file"), "utf8"), "good");
    setSubvolumeReadOnly(again, true);
    assert.throws(() => writeFileSync(join(again, "file"), "bad"), /EROFS/);
    setSubvolumeReadOnly(again, false);
    writeFileSync(join(again, "file"), "better");
    assert.throws(() => createSubvolume(volume), /create subvolume .*: EEXIST/);
    for (const path of [volume, before, again, again]) deleteSubvolume(path);
    assert.ok(!existsSync(before));
  });
});

test("a folder is no subvolume and nothing is none either", () => {
  onBtrfs((root) => {
    mkdirSync(join(root, "folder"));
    assert.ok(!isSubvolume(join(root, "folder")));
    assert.ok(!isSubvolume(join(root, "missing")));
    assert.throws(() => deleteSubvolume(join(root, "folder")), /delete subvolume .*: EINVAL/);
  });
});

test("a subvolume cannot outgrow its quota, and its usage can be read", () => {
  onBtrfs((root) => {
    const volume = join(root, "volume");
    createSubvolume(volume);
    enableQuota(root);
    enableQuota(root);
    setQuotaLimit(volume, 8 << 20);
    assert.throws(
      () => writeFileSync(join(volume, "file"), Buffer.alloc(16 << 20, 1), { flush: true }),
      (error) => hasErrorCode(error, "EDQUOT"),
    );
    setQuotaLimit(volume, undefined);
    writeFileSync(join(volume, "file"), Buffer.alloc(16 << 20, 1), { flush: true });
    const usage = readQuotaUsage(volume);
    assert.ok(usage && usage.limitBytes === undefined);
    setQuotaLimit(volume, 32 << 20);
    assert.equal(readQuotaUsage(volume)?.limitBytes, 32 << 20);
    deleteSubvolume(volume);
  });
});
