import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { attachLoop } from "../../../src/host/kernel/loop.ts";
import { mount, unmount } from "../../../src/host/kernel/mounts.ts";
import { enableVerity, measureVerity } from "../../../src/host/kernel/verity.ts";
import { makeImage, makePrivateMount } from "./private-mount.ts";

test("a file under fs-verity has a digest and refuses to change", (context) => {
  using place = makePrivateMount();
  const disk = join(place.path, "disk");
  const target = join(place.path, "mnt");
  mkdirSync(target);
  makeImage(disk, 16 << 20, "mkfs.ext4", "-q", "-b", "4096", "-O", "verity");
  {
    using loop = attachLoop(disk, { autoclear: true });
    try {
      mount(loop.device, target, "ext4");
    } catch {
      context.skip("this kernel refuses ext4 with the verity feature");
      return;
    }
  }
  const file = join(target, "file");
  writeFileSync(file, "");
  if (enableVerity(file) === "unsupported") {
    context.skip("this kernel has no fs-verity");
  } else {
    assert.equal(enableVerity(file), "enabled");
    // The digest of an empty file, as fsverity(1) prints it.
    assert.equal(measureVerity(file), "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95");
    assert.throws(() => writeFileSync(file, "changed"), /EPERM/);
  }
  unmount(target);
});

test("where fs-verity cannot be, the answer says so and nothing is thrown", () => {
  using place = makePrivateMount();
  const file = join(place.path, "file");
  writeFileSync(file, "x");
  assert.equal(enableVerity(file), "unsupported");
  assert.equal(measureVerity(file), undefined);
});
