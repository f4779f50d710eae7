/** Blueprints that cannot be read or built, and files that must not get into an image: one sentence each, and nothing changed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { ProblemCode } from "../../src/base/problem-codes.ts";
import { FileRecord } from "../../src/model/image.ts";
import { blueprintPath } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { assertRefused } from "./support/refusal.ts";

const nginx = readFileSync(blueprintPath("nginx"), "utf8");

describe("hostile blueprints", () => {
  let dock: TestDock;
  let folder: string;
  let server: Server;

  before(async () => {
    dock = await TestDock.start();
    folder = mkdtempSync("/var/tmp/isc-test-hostile-");
    cpSync(path.dirname(blueprintPath("nginx")), folder, { recursive: true });
    for (const name of ["pipe", "folder-with-pipe/pipe"]) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      make("mkfifo", path.join(folder, name));
    }
    make("mknod", path.join(folder, "zero"), "c", "1", "5");
    make("mknod", path.join(folder, "disk"), "b", "7", "0");
    server = createServer().listen(path.join(folder, "socket"));
    // Builds once what all others begin with, so that what they leave can be told from the first signing key.
    await dock.client.call("build", { blueprint: path.join(folder, "nginx.yaml") });
  });

  after(async () => {
    server.close();
    await dock[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const make = (program: string, ...words: readonly string[]) => {
    const { status, stderr } = spawnSync(program, words, { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  };
  const refuses = (call: () => Promise<unknown>, code: ProblemCode, words: RegExp | string) => assertRefused(dock, call, code, words);
  const build = (blueprint: string) => dock.client.call("build", { blueprint });
  const buildText = (text: string | Buffer) => () => {
    const file = path.join(folder, "changed.yaml");
    writeFileSync(file, text);
    return build(file);
  };
  const buildWithFile = (line: string) => buildText(nginx.replace(/^files:$/m, `files:\n  ${line}`));

  test("a path without a readable file is refused, and holds nobody up", async () => {
    const at = (name: string) => path.join(folder, name);
    symlinkSync("circle", at("circle"));
    writeFileSync(at("sparse"), "");
    truncateSync(at("sparse"), 2 ** 40);
    for (const [file, reason] of [
      [at("missing.yaml"), "there is no such file"],
      [`${at("nginx.yaml")}/inside`, "there is no such file"],
      [folder, "it is a directory"],
      [at("circle"), "too many symbolic links"],
      [`/${"x".repeat(300)}`, "the path is too long"],
      [at("sparse"), "it is larger than 1048576 bytes"],
      [at("pipe"), "it is not a file"],
      [at("socket"), "it is not a file"],
      [at("zero"), "it is not a file"],
      // Files by their mode, and of no size; the second waits for news of the kernel.
      ["/proc/self/mem", "EIO: i/o error, read"],
      ["/proc/kmsg", "it is not a file"],
    ] as const) {
      await refuses(() => build(file), "BLUEPRINT_UNREADABLE", `cannot read blueprint ${file}: ${reason}`);
    }
    await refuses(() => build("/a\nb\0c"), "BLUEPRINT_UNREADABLE", "cannot read blueprint /a?b?c: a path holds no zero bytes");
  });

  test("a file of mode 000 is no obstacle to root", async () => {
    const file = path.join(folder, "closed.yaml");
    copyFileSync(path.join(folder, "nginx.yaml"), file);
    chmodSync(file, 0o000);
    assert.match((await build(file)).digest, /^sha256:/);
  });

  test("bytes that are no UTF-8 are refused, and never guessed at", async () => {
    const sentence = `cannot read blueprint ${path.join(folder, "changed.yaml")}: it is not UTF-8 text`;
    await refuses(buildText(Buffer.from(`${nginx}# caf\u00e9\n`, "latin1")), "BLUEPRINT_UNREADABLE", sentence);
    await refuses(buildText(Buffer.from(`\ufeff${nginx}`, "utf16le")), "BLUEPRINT_UNREADABLE", sentence);
    await refuses(buildText(readFileSync("/bin/true")), "BLUEPRINT_UNREADABLE", sentence);
    assert.match(
      (await buildText(`\ufeff${nginx}# caf\u00e9\n`)()).digest,
      /^sha256:/,
      "the same text in UTF-8, even with a byte order mark",
    );
  });

  test("text that is no blueprint is refused with line, column and what was meant", async () => {
    await refuses(buildText(""), "BLUEPRINT_INVALID", /^changed.yaml:1:1: found nothing, expected a blueprint/);
    await refuses(buildText("a: &a [x, x]\nb: [*a, *a]\n"), "BLUEPRINT_INVALID", /^changed.yaml:1:/);
    await refuses(buildText(`${nginx}#${"x".repeat(300_000)}`), "BLUEPRINT_INVALID", /larger than 256KiB; a blueprint is a page or two$/);
    await refuses(
      buildText(nginx.replace("network:", "netwrok:")),
      "BLUEPRINT_INVALID",
      /^changed.yaml:\d+:1: netwrok: unknown key, did you mean "network"\?$/,
    );
  });

  test("a package that does not exist is named", async () => {
    await refuses(
      buildText(nginx.replace("nginx-light", "no-such-package-anywhere")),
      "BUILD_FAILED",
      "cannot build web: step packages: apt-get exited with 100: Unable to locate package no-such-package-anywhere",
    );
  });

  test("a suite that does not exist is named, and leaves nothing in the cache", async () => {
    const { hint } = await refuses(
      buildText(nginx.replace("bookworm", "no-such-suite")),
      "BUILD_FAILED",
      /^cannot build web: step base: a package mirror of this machine has no Debian no-such-suite: The repository '.* no-such-suite Release' does not have a Release file\.$/,
    );
    assert.match(hint ?? "", /from\.debian/);
    const sources = readdirSync(dock.layout.layers).map((name) => path.join(dock.layout.layers, name, "sources.sources"));
    const kept = sources.filter((file) => existsSync(file) && readFileSync(file, "utf8").includes("no-such-suite"));
    assert.deepEqual(kept, []);
  });

  test("what is no file is laid into no image", async () => {
    for (const name of ["pipe", "socket", "zero", "disk"]) {
      await refuses(
        buildWithFile(`/srv/x: ./${name}`),
        "BUILD_FAILED",
        `cannot build web: step files: cannot lay /srv/x: ${path.join(folder, name)} is no file and no directory`,
      );
    }
    await refuses(
      buildWithFile("/srv/x/: ./folder-with-pipe/"),
      "BUILD_FAILED",
      `cannot build web: step files: cannot lay /srv/x/: ${path.join(folder, "folder-with-pipe/pipe")} is no regular file, directory or symlink`,
    );
    for (const outside of ["/dev/zero", "/etc/shadow", "../../etc/shadow"]) {
      await refuses(buildWithFile(`/srv/x: ${outside}`), "BLUEPRINT_INVALID", /expected a path inside the blueprint's folder/);
    }
  });

  test("a symlink that leads out of the blueprint's folder is refused, however it leads there", async () => {
    const links = { "leak-file": "/etc/shadow", "leak-up": "../../../etc/shadow", "leak-folder": "/etc", "leak-twice": "leak-folder" };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, path.join(folder, name));
    for (const [source, found] of [
      ["leak-file", "/etc/shadow"],
      ["leak-up", "/etc/shadow"],
      ["leak-folder/shadow", "/etc/shadow"],
      ["leak-twice/shadow", "/etc/shadow"],
      ["leak-folder", "/etc"],
    ]) {
      const named = `${path.join(folder, source ?? "")} leads to ${found}`;
      await refuses(
        buildWithFile(`/srv/x: ./${source}`),
        "BUILD_FAILED",
        `cannot build web: step files: cannot lay /srv/x: ${named}, outside of the blueprint's folder`,
      );
    }
  });

  test("a symlink inside a folder is laid as a link, which leads nowhere but into the image", async () => {
    mkdirSync(path.join(folder, "linked"));
    symlinkSync("/etc/shadow", path.join(folder, "linked/shadow"));
    const { digest } = await buildWithFile("/srv/x/: ./linked/")();
    const lines = readFileSync(dock.layout.image.files(digest), "utf8").trimEnd().split("\n");
    const laid = lines.map((line) => FileRecord.parse(JSON.parse(line))).find((record) => record.path === "/srv/x/shadow");
    assert.deepEqual([laid?.kind, laid?.target], ["symlink", "/etc/shadow"]);
  });
});
