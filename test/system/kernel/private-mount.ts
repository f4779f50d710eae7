/** A folder of a test's own whose mounts nobody else sees, and the proof that nothing is left of it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseMountInfo } from "../../../src/host/kernel/mountinfo.ts";
import { MNT_DETACH, mount, setPropagation, unmount } from "../../../src/host/kernel/mounts.ts";

export type PrivateMount = Disposable & { readonly path: string };

/** Disposing unmounts everything below, removes the folder and fails when a mount, a loop device or a descriptor is left. */
export function makePrivateMount(): PrivateMount {
  const path = mkdtempSync(join(tmpdir(), "isc-kernel-"));
  const descriptors = countDescriptors();
  mount("tmpfs", path, "tmpfs", 0, "mode=0700");
  setPropagation(path, "private");
  return {
    path,
    [Symbol.dispose]() {
      const below = readMountPoints().filter((place) => place === path || place.startsWith(`${path}/`));
      for (const place of below.reverse()) unmount(place, MNT_DETACH);
      rmdirSync(path);
      assert.deepEqual(
        below.filter((place) => place !== path),
        [],
        "the test left mounts behind",
      );
      assert.equal(countDescriptors(), descriptors, "the test left descriptors open");
      assert.deepEqual(
        listLoopFiles().filter((file) => file.startsWith(path)),
        [],
        "the test left loop devices behind",
      );
    },
  };
}

export function readMountPoints(): readonly string[] {
  return parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8")).map((entry) => entry.mountPoint);
}

/** A sparse file with a fresh file system. */
export function makeImage(path: string, sizeBytes: number, program: string, ...args: readonly string[]): void {
  writeFileSync(path, "");
  truncateSync(path, sizeBytes);
  execFileSync(program, [...args, path], { stdio: "ignore", env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" } });
}

function countDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

function listLoopFiles(): readonly string[] {
  return readdirSync("/sys/block").flatMap((block) => {
    try {
      return [readFileSync(`/sys/block/${block}/loop/backing_file`, "utf8").trim()];
    } catch {
      return [];
    }
  });
}
