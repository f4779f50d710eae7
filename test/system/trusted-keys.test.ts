/** Whose images a dock runs: those of keys in its folder, from the moment the file is there until it is taken away. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { ProblemCode } from "../../src/base/problem-codes.ts";
import type { Digest } from "../../src/model/digest.ts";
import { shortDigest } from "../../src/model/digest.ts";
import type { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { assertRefused } from "./support/refusal.ts";

const [web, copy] = ["web" as Name, "copy" as Name];

describe("trusted keys", () => {
  let maker: TestDock;
  let dock: TestDock;
  let folder: string;
  let digest: Digest;
  let file: string;
  let makersKey: string;
  let refusal: string;

  before(async () => {
    [maker, dock] = [await TestDock.start(), await TestDock.start()];
    folder = mkdtempSync("/var/tmp/isc-test-keys-");
    digest = (await buildReady(maker, "static")).digest;
    file = path.join(folder, "static.tar.zst");
    await maker.client.call("image-export", { image: digest, file });
    makersKey = path.join(maker.layout.trustedKeys, readdirSync(maker.layout.trustedKeys)[0] ?? "");
    refusal = `cannot use image ${shortDigest(digest)}: no trusted key has signed it`;
  });

  after(async () => {
    for (const one of [maker, dock]) await one[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const refuses = (call: () => Promise<unknown>, code: ProblemCode, words: RegExp | string) => assertRefused(dock, call, code, words);
  const trusted = () => path.join(dock.layout.trustedKeys, "maker.pem");

  test("an image of a stranger is not imported, and the hint says how it could be", async () => {
    const { hint } = await refuses(() => dock.client.call("image-import", { file }), "IMAGE_UNSIGNED", refusal);
    assert.equal(hint, `a public key becomes trusted by a file NAME.pem in ${dock.layout.trustedKeys}`);
  });

  test("a key of the dock's own does not make a stranger's image trusted, nor does another stranger's", async () => {
    await buildReady(dock, "nginx");
    const { publicKey } = generateKeyPairSync("ed25519");
    writeFileSync(trusted(), publicKey.export({ type: "spki", format: "pem" }));
    await refuses(() => dock.client.call("image-import", { file }), "IMAGE_UNSIGNED", refusal);
  });

  test("what is no public Ed25519 key in that folder is told by its file, and trusts nobody", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
    const noPem = `cannot use the key ${trusted()}: it is no key in PEM form`;
    for (const [text, words] of [
      ["", noPem],
      ["-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", noPem],
      [privateKey.export({ type: "pkcs8", format: "pem" }), noPem],
      [rsa.export({ type: "spki", format: "pem" }), `cannot use the key ${trusted()}: it is no Ed25519 key`],
    ] as const) {
      writeFileSync(trusted(), text);
      await refuses(() => dock.client.call("image-import", { file }), "STATE_DAMAGED", words);
    }
    copyFileSync(makersKey, `${trusted()}.txt`);
    rmSync(trusted());
    await refuses(() => dock.client.call("image-import", { file }), "IMAGE_UNSIGNED", refusal);
    rmSync(`${trusted()}.txt`);
  });

  test("with the key in the folder the same file is imported, and the ISC keeps its contract", async () => {
    copyFileSync(makersKey, trusted());
    assert.equal((await dock.client.call("image-import", { file })).digest, digest);
    await dock.client.call("create", { name: web, image: digest });
    for (const { hostPort, protocol } of (await dock.client.call("show", { name: web })).record.exposures)
      await dock.client.call("unexpose", { name: web, hostPort, protocol });
    await dock.client.call("start", { names: [web] });
    const { findings } = await dock.client.call("verify", { names: [web] });
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
    );
  });

  test("once the key is taken away nothing of its maker starts, and verify tells it of what runs", async () => {
    const key = readFileSync(trusted());
    rmSync(trusted());
    const { findings } = await dock.client.call("verify", { names: [web] });
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL").map(({ row }) => row),
      ["root.signed"],
    );
    await refuses(() => dock.client.call("create", { name: copy, image: digest }), "IMAGE_UNSIGNED", refusal);
    await refuses(() => dock.client.call("clone", { source: "web", name: copy, start: true }), "IMAGE_UNSIGNED", refusal);
    await refuses(() => dock.client.call("image-verify", { image: digest }), "IMAGE_UNSIGNED", refusal);
    await refuses(() => dock.client.call("image-export", { image: digest, file: path.join(folder, "x.tar") }), "IMAGE_UNSIGNED", refusal);
    await dock.client.call("stop", { names: [web] });
    await refuses(() => dock.client.call("start", { names: [web] }), "IMAGE_UNSIGNED", refusal);
    writeFileSync(trusted(), key);
    await dock.client.call("start", { names: [web] });
  });

  test("an ISC that ran when its maker lost trust is not started by the next dock, and says so", async () => {
    const key = readFileSync(trusted());
    await dock.quit();
    const { pid } = JSON.parse(readFileSync(`${dock.layout.live.directory(web)}/process.json`, "utf8"));
    process.kill(Number(pid), "SIGKILL");
    rmSync(trusted());
    await dock.launch();
    const { iscs } = await dock.client.call("list", {});
    assert.notEqual(iscs.find(({ name }) => name === web)?.status, "running");
    assert.match(dock.readLog(), new RegExp(RegExp.escape(refusal)));
    writeFileSync(trusted(), key);
    await dock.client.call("start", { names: [web] });
  });

  test("a reset of a running ISC whose maker lost trust is refused before anything of it is taken away", async () => {
    rmSync(trusted());
    const before = (await dock.client.call("list", {})).iscs.find(({ name }) => name === web)?.pid;
    await refuses(() => dock.client.call("reset", { names: [web] }), "IMAGE_UNSIGNED", refusal);
    await refuses(() => dock.client.call("restart", { names: [web] }), "IMAGE_UNSIGNED", refusal);
    assert.equal((await dock.client.call("list", {})).iscs.find(({ name }) => name === web)?.pid, before);
    copyFileSync(makersKey, trusted());
  });
});
