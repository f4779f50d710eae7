/** image prune: what nobody needs goes, what an ISC, a snapshot or a build needs stays; images from small OCI layouts, in a cache of the test's own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Name } from "../../src/model/name.ts";
import type { Progress } from "../../src/model/progress.ts";
import { TestDock } from "./support/dock.ts";
import { makeTar, writeOciLayout } from "./support/oci-layout.ts";

const web = "web" as Name;
const dayMs = 86_400_000;

describe("image prune", () => {
  let dock: TestDock;
  let folder: string;
  let cache: string;
  /** Digest of each image by its name. */
  const digests = new Map<string, string>();

  before(async () => {
    folder = mkdtempSync("/var/tmp/isc-test-prune-");
    cache = path.join(folder, "cache");
    dock = await TestDock.start({ environment: { ISC_CACHE: cache } });
    for (const name of ["before", "now", "unused"]) {
      const content = `#!/bin/sh\necho ${name}\n`;
      writeOciLayout(path.join(folder, name), [makeTar([{ name: "serve", type: "0", mode: 0o755, content }])]);
      const blueprint = `isc: 1\nname: ${name}\nfrom: { oci: "oci:./${name}:latest" }\nservices:\n  serve: { command: [/serve], user: "1000" }\n`;
      writeFileSync(path.join(folder, `${name}.yaml`), blueprint);
      await build(name);
    }
    await dock.client.call("create", { name: web, image: digestOf("before") });
    await dock.client.call("update", { name: web, image: digestOf("now") });
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const build = async (name: string) => {
    const steps: Progress[] = [];
    const onProgress = (progress: Progress) => void steps.push(progress);
    const { digest } = await dock.client.call("build", { blueprint: path.join(folder, `${name}.yaml`) }, { onProgress });
    digests.set(name, digest);
    return steps
      .filter(({ step, tookMs }) => (step === "packages" || step === "slim") && tookMs !== undefined)
      .map(({ cached }) => cached === true);
  };
  const digestOf = (name: string) => digests.get(name) ?? assert.fail(name);
  const imageFolder = (name: string) => path.join(dock.layout.images, digestOf(name).slice("sha256:".length));
  const layersDirectory = () => path.join(cache, "layers");
  const layers = () => readdirSync(layersDirectory()).filter((entry) => /^[0-9a-f]{32}$/.test(entry));
  /** As if nobody had touched image, layers and packages since. */
  const ageAll = (ageMs: number) => {
    const time = (Date.now() - ageMs) / 1_000;
    for (const name of digests.keys())
      if (existsSync(imageFolder(name))) utimesSync(path.join(imageFolder(name), "provenance.dsse.json"), time, time);
    for (const key of layers()) utimesSync(path.join(layersDirectory(), key, "used"), time, time);
  };
  const prune = (olderThanMs: number, options: { readonly dryRun?: true; readonly onProgress?: (progress: Progress) => void } = {}) => {
    const { dryRun, onProgress } = options;
    return dock.client.call("image-prune", { olderThanMs, ...(dryRun ? { dryRun } : {}) }, onProgress ? { onProgress } : {});
  };

  test("what is young stays, though nobody needs it", async () => {
    assert.equal(layers().length, 6);
    ageAll(29 * dayMs);
    const pruned = await prune(30 * dayMs);
    assert.deepEqual(pruned, { dryRun: false, images: [], layers: [], packageFiles: { count: 0, sizeBytes: 0 }, freedBytes: 0 });
    assert.equal(layers().length, 6);
  });

  test("a dry run tells what would go, and nothing goes", async () => {
    ageAll(31 * dayMs);
    const pruned = await prune(30 * dayMs, { dryRun: true });
    assert.deepEqual(
      pruned.images.map(({ name }) => name),
      ["unused"],
    );
    assert.equal(pruned.layers.length, 2);
    assert.ok(pruned.freedBytes > 8_192);
    assert.equal(
      pruned.freedBytes,
      [...pruned.images, ...pruned.layers].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    );
    assert.ok(existsSync(imageFolder("unused")));
    assert.equal(layers().length, 6);
  });

  test("a layer that a build has just rested on is young again", async () => {
    assert.deepEqual(await build("unused"), [true, true]);
    const pruned = await prune(30 * dayMs, { dryRun: true });
    assert.deepEqual(pruned.layers, []);
    ageAll(31 * dayMs);
  });

  test("it waits for who uses the cache, then removes the image that nobody needs, and its layers", async () => {
    const holder = spawn("flock", [path.join(layersDirectory(), "lock"), "sh", "-c", "echo held; read _"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    const waiting = Promise.withResolvers<void>();
    const pruning = prune(30 * dayMs, { onProgress: ({ step }) => step === "wait" && waiting.resolve() });
    await waiting.promise;
    assert.ok(existsSync(imageFolder("unused")));
    holder.stdin.end("\n");
    const pruned = await pruning;
    assert.deepEqual(
      pruned.images.map(({ name }) => name),
      ["unused"],
    );
    assert.equal(existsSync(imageFolder("unused")), false);
    assert.equal(layers().length, 4);
    const { images } = await dock.client.call("images", {});
    assert.deepEqual(images.map(({ name }) => String(name)).toSorted(), ["before", "now"], "one for the snapshot, one for the ISC");
    assert.deepEqual(
      readdirSync(layersDirectory()).filter((entry) => !layers().includes(entry)),
      ["lock"],
    );
  });

  test("images that stay are built again from their layers, and what was removed is made anew", async () => {
    assert.deepEqual(await build("now"), [true, true]);
    assert.deepEqual(await build("unused"), [false, false]);
    assert.deepEqual((await prune(30 * dayMs)).images, []);
  });

  test("a snapshot that cannot be read keeps every image, and is named", async () => {
    ageAll(31 * dayMs);
    const directory = dock.layout.isc.snapshots(web);
    writeFileSync(path.join(directory, "broken.json"), "{");
    await assert.rejects(prune(0), { code: "STATE_DAMAGED", message: /cannot remove images: nobody can tell who needs them: .*broken/ });
    assert.ok(existsSync(imageFolder("unused")));
    rmSync(path.join(directory, "broken.json"));
    mkdirSync(path.join(layersDirectory(), "apt-0/archives"), { recursive: true });
    writeFileSync(path.join(layersDirectory(), "apt-0/archives/thing_1_all.deb"), "12345");
    const pruned = await prune(0);
    assert.deepEqual(pruned.packageFiles, { count: 1, sizeBytes: 5 });
    assert.deepEqual(
      pruned.images.map(({ name }) => name),
      ["unused"],
    );
  });
});
