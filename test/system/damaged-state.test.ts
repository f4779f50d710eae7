/** Files of the dock's state that are damaged: one sentence that names the file, the others unaffected, and the dock starts all the same. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { ProblemCode } from "../../src/base/problem-codes.ts";
import { shortDigest } from "../../src/model/digest.ts";
import type { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { freeHostPort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { assertRefused } from "./support/refusal.ts";

const [web, other, idle] = ["web" as Name, "other" as Name, "idle" as Name];
const [good, bad] = ["good" as Name, "bad" as Name];

describe("damaged state", () => {
  let dock: TestDock;
  let nginx: Awaited<ReturnType<typeof buildReady>>["digest"];
  let port: number;

  before(async () => {
    dock = await TestDock.start();
    nginx = (await buildReady(dock, "nginx")).digest;
    port = await freeHostPort();
    for (const name of [web, other, idle]) {
      const image = name === idle ? (await buildReady(dock, "static")).digest : nginx;
      await dock.client.call("create", { name, image });
      for (const { hostPort, protocol } of (await dock.client.call("show", { name })).record.exposures)
        await dock.client.call("unexpose", { name, hostPort, protocol });
    }
    await dock.client.call("expose", { name: other, exposure: { hostPort: port, port: 80, protocol: "tcp" } });
    await dock.client.call("start", { names: [other] });
  });

  after(() => dock[Symbol.asyncDispose]());

  const refuses = (call: () => Promise<unknown>, code: ProblemCode, words: RegExp | string) => assertRefused(dock, call, code, words);
  const pidOf = async (name: Name) => (await dock.client.call("list", {})).iscs.find((isc) => isc.name === name)?.pid;
  /** Everything the other ISC promises: it serves, it is the same process, it holds its contract, and it can be reset. */
  const assertUnaffected = async () => {
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
    const { findings } = await dock.client.call("verify", { names: [other] });
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
    );
  };
  const restart = async () => {
    const pid = await pidOf(other);
    await dock.quit();
    await dock.launch();
    assert.equal(await pidOf(other), pid, "the other ISC ran on");
    await assertUnaffected();
  };

  test("a damaged snapshot is told by its file, and hides no other", async () => {
    for (const snapshot of [good, bad]) await dock.client.call("snapshot", { name: web, snapshot });
    await dock.client.call("snapshot", { name: other, snapshot: good });
    const file = dock.layout.isc.snapshot(web, bad);
    const whole = readFileSync(file, "utf8");
    const sentence = `cannot use snapshot web@bad: its state file ${file} is damaged`;
    for (const text of ["", "{", `${whole}x`, whole.replace('"version": 1', '"version": 2'), whole.replace('"bad"', '"good"')]) {
      writeFileSync(file, text);
      await refuses(() => dock.client.call("rollback", { name: web, snapshot: bad }), "STATE_DAMAGED", sentence);
      await refuses(() => dock.client.call("reset", { names: [web], snapshot: bad }), "STATE_DAMAGED", sentence);
      await refuses(() => dock.client.call("clone", { source: "web@bad", name: "copy" as Name }), "STATE_DAMAGED", sentence);
      await refuses(() => dock.client.call("snapshot", { name: web, snapshot: bad }), "STATE_DAMAGED", sentence);
      await refuses(() => dock.client.call("snapshot-remove", { name: web, snapshot: bad }), "STATE_DAMAGED", sentence);
    }
    const list = async (name?: Name) => {
      const { snapshots, damaged } = await dock.client.call("snapshots", name === undefined ? {} : { name });
      return [snapshots.map((one) => `${one.isc}@${one.name}`), damaged];
    };
    assert.deepEqual(await list(), [["web@good", "other@good"], [sentence]]);
    assert.deepEqual(await list(web), [["web@good"], [sentence]]);
    assert.deepEqual(await list(other), [["other@good"], []]);
    assert.equal((await dock.client.call("images", {})).images.length, 2, "images are listed all the same");
    await restart();
    await dock.client.call("rollback", { name: other, snapshot: good });
    await assertUnaffected();
    writeFileSync(file, whole);
    await dock.client.call("rollback", { name: web, snapshot: bad });
  });

  test("while nobody can tell which image a snapshot needs, none is removed", async () => {
    const { digest } = await buildReady(dock, "memcached");
    const file = dock.layout.isc.snapshot(web, bad);
    const whole = readFileSync(file, "utf8");
    writeFileSync(file, "{");
    await refuses(
      () => dock.client.call("image-remove", { image: digest }),
      "STATE_DAMAGED",
      `cannot remove image ${shortDigest(digest)}: nobody can tell who needs it: cannot use snapshot web@bad: its state file ${file} is damaged`,
    );
    writeFileSync(file, whole);
    await dock.client.call("image-remove", { image: digest });
    await dock.client.call("snapshot-remove", { name: web, snapshot: bad });
  });

  test("an ISC with a damaged snapshot is destroyed whole", async () => {
    const name = "gone" as Name;
    await dock.client.call("clone", { source: "web", name });
    await dock.client.call("snapshot", { name, snapshot: bad });
    writeFileSync(dock.layout.isc.snapshot(name, bad), "{");
    await dock.client.call("destroy", { names: [name] });
    assert.equal(existsSync(dock.layout.isc.directory(name)), false);
    assert.deepEqual((await dock.client.call("snapshots", {})).damaged, []);
  });

  test("a damaged manifest is told by its file, other images are unaffected, and building again mends it", async () => {
    const digest = (await dock.client.call("show", { name: idle })).record.image;
    const file = dock.layout.image.manifest(digest);
    const whole = readFileSync(file);
    const short = shortDigest(digest);
    const tampered = `cannot use image ${short}: manifest.json is not the one that was signed`;
    for (const text of ["", "{", "[]", `${whole}x`, String(whole).replace('"name": "static"', '"name": "statuc"')]) {
      writeFileSync(file, text);
      await refuses(() => dock.client.call("start", { names: [idle] }), "IMAGE_TAMPERED", tampered);
      await refuses(() => dock.client.call("reset", { names: [idle] }), "IMAGE_TAMPERED", tampered);
      await refuses(() => dock.client.call("show", { name: idle }), "IMAGE_TAMPERED", tampered);
      await refuses(() => dock.client.call("clone", { source: "idle", name: "copy" as Name }), "IMAGE_TAMPERED", tampered);
    }
    for (const [damage, how] of [
      [() => writeFileSync(file, "{"), "damaged"],
      [() => rmSync(file), "missing"],
    ] as const) {
      damage();
      const sentence = `cannot use image ${short}: ${file} is ${how}`;
      await refuses(() => dock.client.call("create", { name: "copy" as Name, image: digest }), "STATE_DAMAGED", sentence);
      await refuses(() => dock.client.call("image-verify", { image: digest }), "STATE_DAMAGED", sentence);
      await refuses(() => dock.client.call("image-show", { image: digest }), "STATE_DAMAGED", sentence);
      const exported = { image: digest, file: `${dock.layout.root}/x.tar` };
      await refuses(() => dock.client.call("image-export", exported), "STATE_DAMAGED", sentence);
    }
    const verdicts = (await dock.client.call("verify", { names: [idle, other] })).findings.filter(({ verdict }) => verdict === "FAIL");
    assert.deepEqual([...new Set(verdicts.map(({ isc }) => isc))], [idle], "verify tells it of the one, and of no other");
    await restart();
    assert.equal((await dock.client.call("list", {})).iscs.length, 3);
    await buildReady(dock, "static");
    assert.deepEqual(readFileSync(file), whole);
    await dock.client.call("start", { names: [idle] });
    await dock.client.call("stop", { names: [idle] });
  });

  test("an image damaged while it is mounted is mended by an import, and nothing starts from the damaged one", async () => {
    const exported = path.join(dock.layout.root, "static.tar.zst");
    const digest = (await dock.client.call("show", { name: idle })).record.image;
    await dock.client.call("image-export", { image: digest, file: exported });
    await dock.client.call("start", { names: [idle] });
    const file = dock.layout.image.erofs(digest);
    // In place, where what is mounted reads it from: in the middle of some file's contents.
    const middle = Math.floor(readFileSync(file).length / 2 / 4096);
    const { status, stderr } = spawnSync("dd", ["if=/dev/zero", `of=${file}`, "bs=4096", "count=64", `seek=${middle}`, "conv=notrunc"]);
    assert.equal(status, 0, String(stderr));
    await refuses(
      () => dock.client.call("clone", { source: "idle", name: "copy" as Name, start: true }),
      "IMAGE_TAMPERED",
      `cannot use image ${shortDigest(digest)}: image.erofs is not the one that was signed`,
    );
    await dock.client.call("image-import", { file: exported });
    rmSync(exported);
    const failed = async () =>
      (await dock.client.call("verify", { names: [idle] })).findings.filter(({ verdict }) => verdict === "FAIL").map(({ row }) => row);
    assert.deepEqual(await failed(), ["root.sealed"], "what runs still runs from the damaged file");
    await dock.client.call("reset", { names: [idle] });
    assert.deepEqual(await failed(), []);
    assert.deepEqual(
      readdirSync(dock.layout.images).filter((name) => !/^[0-9a-f]{64}$/.test(name)),
      [],
    );
    await dock.client.call("stop", { names: [idle] });
  });

  test("a running ISC whose manifest is damaged can still be stopped, and keeps nobody from starting", async () => {
    const file = dock.layout.image.manifest(nginx);
    const whole = readFileSync(file);
    await dock.client.call("start", { names: [web] });
    writeFileSync(file, "{");
    await dock.quit();
    await dock.launch();
    await dock.client.call("start", { names: [idle] });
    await dock.client.call("stop", { names: [web, other] });
    assert.equal(await pidOf(web), undefined);
    assert.equal(existsSync(dock.layout.live.directory(web)), false);
    writeFileSync(file, whole);
    await dock.client.call("start", { names: [other] });
    await assertUnaffected();
  });
});
