/** A dock's places of a test's own, on the real file system, and the proof that nothing is left of them. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeyedLock } from "../../src/base/keyed-lock.ts";
import { ScratchTemplates } from "../../src/engine/scratch-templates.ts";
import type { Host } from "../../src/host/host.ts";
import { parseMountInfo } from "../../src/host/kernel/mountinfo.ts";
import { MNT_DETACH, MS_BIND, mount, setPropagation, unmount } from "../../src/host/kernel/mounts.ts";
import { createLocalHost } from "../../src/host/local-host.ts";
import { closeKernel, openKernel } from "../../src/host/local-kernel.ts";
import { type Layout, layoutOf } from "../../src/model/layout.ts";

export interface PrivateArea {
  readonly path: string;
  readonly host: Host;
  readonly layout: Layout;
  readonly locks: KeyedLock;
  readonly scratchTemplates: ScratchTemplates;
  /** A small root with files of several owners, standing for a sealed image. */
  readonly imageRoot: string;
}

/** Runs a test in an area; afterwards a mount, loop device or descriptor left behind fails it. */
export async function withPrivateArea(run: (area: PrivateArea) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), "isc-area-"));
  mount(path, path, "", MS_BIND);
  setPropagation(path, "private");
  const kernel = openKernel();
  const host = createLocalHost(kernel);
  const layout = layoutOf({ root: join(path, "root"), run: join(path, "run") });
  for (const directory of [layout.root, layout.run]) mkdirSync(directory, { mode: 0o700 });
  const descriptors = readdirSync("/proc/self/fd").length;
  try {
    await run({
      path,
      host,
      layout,
      locks: new KeyedLock(),
      scratchTemplates: new ScratchTemplates({ host, layout }),
      imageRoot: makeImageRoot(path),
    });
    assert.deepEqual(listMounts(path), [path], "the test left mounts behind");
    // The kernel lets go of a device a moment after the mount has ended.
    for (let left = 50; left > 0 && listLoopFiles(path).length > 0; left--) await host.sleep(20);
    assert.deepEqual(listLoopFiles(path), [], "the test left loop devices behind");
    assert.ok(readdirSync("/proc/self/fd").length <= descriptors + spareDescriptors, "the test left descriptors open");
  } finally {
    await closeKernel(kernel);
    for (const file of listLoopFiles(path)) kernel.loop.detachLoop(kernel.loop.findLoopByFile(file) ?? "");
    for (const place of listMounts(path).toReversed()) unmount(place, MNT_DETACH);
    rmSync(path, { recursive: true });
  }
}

/** Pipes of the children that wait in the pool of user namespaces, which comes and goes. */
const spareDescriptors = 8;

function makeImageRoot(path: string): string {
  const root = join(path, "image");
  for (const directory of ["etc", "srv/app/deep", "var/log"]) mkdirSync(join(root, directory), { recursive: true });
  writeFileSync(join(root, "etc/conf"), "sealed");
  writeFileSync(join(root, "srv/app/deep/seed"), "seed");
  return root;
}

export function listMounts(path: string): readonly string[] {
  return parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"))
    .map((entry) => entry.mountPoint)
    .filter((place) => place === path || place.startsWith(`${path}/`));
}

export function listLoopFiles(path: string): readonly string[] {
  const files = readdirSync("/sys/block").map((block) => `/sys/block/${block}/loop/backing_file`);
  return files.flatMap((file) => (existsSync(file) ? [readFileSync(file, "utf8").trim()] : [])).filter((file) => file.startsWith(path));
}

/** Whether a file holds a text, once everything is written to it. Holes are not read: a pool's file spans gigabytes. */
export async function holdsText({ host }: PrivateArea, file: string, text: string): Promise<boolean> {
  await host.files.sync(file);
  return host.kernel.sparse.readSparse(file).extents.some(({ bytes }) => bytes.includes(text));
}

export interface IscScript {
  /** Working directory of the script: the directories above it are root's alone, and stay so. */
  readonly directory: string;
  readonly hostId: number;
  readonly insideId?: number;
  readonly script: string;
}

/** Runs a shell script as an id of a user namespace that maps 65,536 ids from `hostId` on; answers what it printed, errors included. */
export function runAsIsc({ host }: PrivateArea, { directory, hostId, insideId = 0, script }: IscScript): Promise<string> {
  return host.kernel.userNamespaces.lend({ insideId: 0, hostId, count: 65_536 }, async (fd) => {
    const result = await host.run({
      program: "nsenter",
      arguments: [
        `--user=/proc/${process.pid}/fd/${fd}`,
        `--setuid=${insideId}`,
        `--setgid=${insideId}`,
        "--",
        "sh",
        "-c",
        `exec 2>&1; ${script}`,
      ],
      workingDirectory: directory,
      // The script's own last exit code is no failure of the test.
      allowExitCodes: [0, 1, 2, 126, 127],
    });
    return result.stdout.trim();
  });
}
