/** A dock whose own disk is full: each operation says so in one sentence and leaves nothing, and works as soon as there is room. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { ProblemCode } from "../../src/base/problem-codes.ts";
import type { Name } from "../../src/model/name.ts";
import { blueprintPath, buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { assertRefused } from "./support/refusal.ts";

const MiB = 1024 * 1024;
const [web, other] = ["web" as Name, "other" as Name];

describe("a full disk", () => {
  let disk: string;
  let dock: TestDock;
  let ballast: string;

  const run = (program: string, ...words: readonly string[]) => {
    const { status, stderr } = spawnSync(program, words, { encoding: "utf8" });
    assert.equal(status, 0, `${program} ${words.join(" ")}: ${stderr}`);
  };

  before(async () => {
    disk = mkdtempSync("/var/tmp/isc-test-disk-");
    run("mount", "-t", "tmpfs", "-o", "size=400m,mode=711", "full", disk);
    ballast = path.join(disk, "ballast");
    // The layers come from the cache that all tests share: what is full is where images and state are.
    dock = await TestDock.start({ environment: { ISC_ROOT: `${disk}/root` } });
  });

  after(async () => {
    makeRoom();
    await dock[Symbol.asyncDispose]();
    run("umount", disk);
    rmSync(disk, { recursive: true });
  });

  const makeRoom = () => rmSync(ballast, { force: true });
  /** Fills the disk up to what is still free. */
  const fill = (freeBytes: number) => {
    makeRoom();
    // The dock's log grows meanwhile: until the file system itself says that it is enough.
    const piece = Buffer.alloc(MiB);
    for (;;) {
      const { bavail, bsize } = statfsSync(disk);
      const missing = bavail * bsize - freeBytes;
      if (missing <= 0) return;
      try {
        writeFileSync(ballast, piece.subarray(0, Math.min(missing, MiB)), { flag: "a" });
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
      }
    }
  };
  const refuses = (call: () => Promise<unknown>, code: ProblemCode, words: RegExp | string) => assertRefused(dock, call, code, words);
  const build = () => buildReady(dock, "nginx");

  test("a build that finds no room, in whichever step, leaves nothing, and the same build works once there is", async () => {
    const sentence = new RegExp(`^cannot (?:build|seal) web: no space left on the file system of ${dock.layout.root}$`);
    const steps = new Set<string>();
    for (const freeMiB of [0, 1, 4, 16, 48, 70]) {
      fill(freeMiB * MiB);
      let last = "";
      const onProgress = ({ step }: { readonly step: string }) => {
        last = step;
      };
      await refuses(() => dock.client.call("build", { blueprint: blueprintPath("nginx") }, { onProgress }), "DISK_FULL", sentence);
      steps.add(last);
      assert.deepEqual(readdirSync(dock.layout.temporary), []);
    }
    assert.ok(steps.size >= 2, `it was full in ${[...steps].join(", ")}`);
    makeRoom();
    const { digest } = await build();
    assert.equal((await dock.client.call("image-verify", { image: digest })).digest, digest);
  });

  test("creating, starting, exporting and importing say so too", async () => {
    makeRoom();
    const { digest } = await build();
    fill(0);
    const full = /no space (?:is )?left|there is no space left/;
    await refuses(() => dock.client.call("create", { name: web, image: digest }), "DISK_FULL", full);
    makeRoom();
    await dock.client.call("create", { name: web, image: digest });
    await dock.client.call("unexpose", { name: web, hostPort: 8080, protocol: "tcp" });
    fill(0);
    await refuses(() => dock.client.call("start", { names: [web] }), "DISK_FULL", full);
    await refuses(() => dock.client.call("clone", { source: "web", name: other, start: true }), "DISK_FULL", full);
    await refuses(() => dock.client.call("snapshot", { name: web, snapshot: "s" as Name }), "DISK_FULL", full);
    const file = path.join(disk, "web.tar.zst");
    await refuses(() => dock.client.call("image-export", { image: digest, file }), "DISK_FULL", full);
    assert.deepEqual(readdirSync(disk).sort(), ["ballast", "root"]);
    makeRoom();
    await dock.client.call("image-export", { image: digest, file });
    await dock.client.call("destroy", { names: [web] });
    const freeBefore = statfsSync(disk);
    await dock.client.call("image-remove", { image: digest });
    const { bavail, bsize } = statfsSync(disk);
    assert.ok((bavail - freeBefore.bavail) * bsize > 60 * MiB, "removing an image that had been started gives its space back at once");
    fill(4 * MiB);
    await refuses(() => dock.client.call("image-import", { file }), "DISK_FULL", full);
    makeRoom();
    await dock.client.call("image-import", { file });
    rmSync(file);
  });

  test("what runs goes on, can be looked at, stopped and destroyed, and the dock starts again", async () => {
    makeRoom();
    const { digest } = await build();
    for (const name of [web, other]) {
      await dock.client.call("create", { name, image: digest });
      await dock.client.call("unexpose", { name, hostPort: 8080, protocol: "tcp" });
    }
    await dock.client.call("start", { names: [web, other] });
    fill(0);
    const pid = async (name: Name) => (await dock.client.call("list", {})).iscs.find((isc) => isc.name === name)?.pid;
    const before = await pid(web);
    const { findings } = await dock.client.call("verify", { names: [web] });
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
    );
    assert.equal((await dock.client.call("exec", { name: web, command: ["/bin/true"] })).exitCode, 0);
    await dock.quit();
    await dock.launch();
    assert.equal(await pid(web), before);
    makeRoom();
    await dock.client.call("reset", { names: [web] });
    await dock.client.call("destroy", { names: [web, other] });
    assert.ok(mkdirSync(path.join(disk, "probe"), { recursive: true }));
  });
});
