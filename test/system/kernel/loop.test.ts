import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { attachLoop, detachLoop, findLoopByFile, readDeviceSize } from "../../../src/host/kernel/loop.ts";
import { MS_RDONLY, mount, unmount } from "../../../src/host/kernel/mounts.ts";
import { fileSystemMagic } from "../../../src/host/kernel/statfs.ts";
import { makeImage, makePrivateMount } from "./private-mount.ts";

test("a file becomes a block device, is found by its path, and is let go", () => {
  using place = makePrivateMount();
  const file = join(place.path, "disk");
  makeImage(file, 16 << 20, "mkfs.ext4", "-q");
  const loop = attachLoop(file);
  assert.equal(findLoopByFile(file), loop.device);
  assert.equal(readDeviceSize(loop.device), 16 << 20);
  loop[Symbol.dispose]();
  loop[Symbol.dispose]();
  assert.equal(findLoopByFile(file), loop.device);
  detachLoop(loop.device);
  assert.equal(findLoopByFile(file), undefined);
  detachLoop(loop.device);
});

test("an autoclear device lives exactly as long as its mount", () => {
  using place = makePrivateMount();
  const file = join(place.path, "disk");
  const target = join(place.path, "mnt");
  mkdirSync(target);
  makeImage(file, 16 << 20, "mkfs.ext4", "-q");
  {
    using loop = attachLoop(file, { autoclear: true, directIo: true });
    mount(loop.device, target, "ext4");
  }
  assert.equal(statfsSync(target).type, fileSystemMagic.ext4);
  assert.ok(findLoopByFile(file));
  unmount(target);
  assert.equal(findLoopByFile(file), undefined);
});

test("an EROFS file mounts without any loop device, unless it lies on tmpfs", () => {
  using place = makePrivateMount();
  const at = (name: string) => join(place.path, name);
  for (const folder of ["tree", "disk", "sealed"]) mkdirSync(at(folder));
  writeFileSync(at("tree/file"), "sealed");
  makeImage(at("ext4"), 16 << 20, "mkfs.ext4", "-q");
  {
    using loop = attachLoop(at("ext4"), { autoclear: true });
    mount(loop.device, at("disk"), "ext4");
  }
  execFileSync("/usr/bin/mkfs.erofs", ["-T0", at("disk/image"), at("tree")], { stdio: "ignore" });
  mount(at("disk/image"), at("sealed"), "erofs", MS_RDONLY);
  assert.equal(statfsSync(at("sealed")).type, fileSystemMagic.erofs);
  assert.equal(readFileSync(at("sealed/file"), "utf8"), "sealed");
  assert.equal(findLoopByFile(at("disk/image")), undefined);
  unmount(at("sealed"));
  copyFileSync(at("disk/image"), at("image"));
  assert.throws(() => mount(at("image"), at("sealed"), "erofs", MS_RDONLY), /ENOTBLK/);
  unmount(at("disk"));
});
