/** Real builds: reproducible, sealed, verified; what is hostile or broken leaves nothing behind. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { emptyTemporary } from "../../src/engine/build/work-directory.ts";
import { exportImage } from "../../src/engine/seal/export-image.ts";
import { importImage } from "../../src/engine/seal/import-image.ts";
import { SealCache } from "../../src/engine/seal/seal-cache.ts";
import { verifyImageSeal } from "../../src/engine/seal/verify-image-seal.ts";
import { mount } from "../../src/host/kernel/mounts.ts";
import type { Blueprint } from "../../src/model/blueprint.ts";
import { FileRecord, Manifest } from "../../src/model/image.ts";
import { Name } from "../../src/model/name.ts";
import { ImageStore } from "../../src/store/image-store.ts";
import { type BuildArea, blueprintOf, listTraces, withBuildArea } from "./support/build-area.ts";

const nginx: Blueprint = blueprintOf({
  from: { kind: "debian", suite: "bookworm", packages: ["nginx-light"] },
  services: { [Name.parse("nginx")]: {} },
  files: [{ target: "/var/www/html/index.html", content: "hello\n" }],
});

test("the same blueprint gives the same digest in another folder and with nothing cached", async (context) => {
  await withBuildArea(async (area) => {
    const first = await area.build({ blueprint: nginx });
    const again = await area.build({ blueprint: nginx });
    const page = [{ target: "/var/www/html/index.html", content: "other\n" }];
    const changed = await area.build({ blueprint: { ...nginx, files: page } });
    const elsewhere = await area.build({ blueprint: nginx, layout: area.layoutAt("other") });
    context.diagnostic(
      `first ${first.tookMs} ms, again ${again.tookMs} ms, one file changed ${changed.tookMs} ms, nothing cached ${elsewhere.tookMs} ms`,
    );
    assert.equal(again.digest, first.digest);
    assert.equal(again.unchanged, true);
    assert.notEqual(changed.digest, first.digest);
    assert.equal(elsewhere.digest, first.digest);
    assertHoldsContract(area, first.digest);
    await assertTamperingShows(area, first.digest);
    await assertTravels(area, changed.digest);
  });
});

/** No package manager, no rights in modes, nothing of this machine; owners as in the image. */
function assertHoldsContract({ layout }: BuildArea, digest: Parameters<typeof layout.image.files>[0]): void {
  const records = readFileSync(layout.image.files(digest), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => FileRecord.parse(JSON.parse(line)));
  const byPath = new Map(records.map((record) => [record.path, record]));
  assert.equal(byPath.size, records.length);
  for (const gone of ["/usr/bin/apt-get", "/usr/bin/dpkg", "/var/lib/dpkg", "/usr/sbin/policy-rc.d", "/usr/share/man"])
    assert.ok(!byPath.has(gone), gone);
  for (const kept of [
    "/usr/sbin/nginx",
    "/.isc/catatonit",
    "/etc/machine-id",
    "/etc/resolv.conf",
    "/lib",
    "/sbin",
    "/usr/share/doc/nginx-light/copyright",
  ])
    assert.ok(byPath.has(kept), kept);
  assert.equal(byPath.get("/etc/machine-id")?.sizeBytes, 0);
  assert.equal(byPath.get("/etc/shadow")?.mode, 0o640);
  const manifest = Manifest.parse(JSON.parse(readFileSync(layout.image.manifest(digest), "utf8")));
  assert.deepEqual([manifest.init.uid, manifest.init.command[0]], [33, "/.isc/catatonit"]);
  assert.ok(
    manifest.places.some(
      (place) => place.path === "/var/log" && place.directories.some((inner) => inner.path === "/var/log/nginx" && inner.uid === 33),
    ),
  );
}

/** Each file of the image changed by one byte, and put back. */
async function assertTamperingShows({ host, layout }: BuildArea, digest: Parameters<typeof layout.image.files>[0]): Promise<void> {
  const cache = new SealCache();
  const verify = (full: boolean) => verifyImageSeal({ host, layout, digest, full, cache });
  assert.equal((await verify(false)).manifest.digest, digest);
  for (const name of ["image.erofs", "manifest.json", "files.jsonl", "sbom.json", "blueprint.yaml"]) {
    const file = path.join(layout.image.directory(digest), name);
    const [at] = [name === "image.erofs" ? 1_000_000 : 3];
    const restore = flipByte(file, at);
    // Without reading everything too: the file's time of change gives it away.
    await assert.rejects(verify(false), {
      code: "IMAGE_TAMPERED",
      message: new RegExp(`^cannot use image [0-9a-f]{12}: ${name} is not the one that was signed$`),
    });
    restore();
    await verify(true);
  }
  await assertUnreadableShows({ host, layout }, digest, cache);
  const key = path.join(layout.trustedKeys, readdirSync(layout.trustedKeys)[0] ?? "");
  const pem = readFileSync(key);
  rmSync(key);
  await assert.rejects(verify(false), { code: "IMAGE_UNSIGNED", message: /no trusted key has signed it$/ });
  writeFileSync(key, pem);
  rmSync(path.join(layout.image.directory(digest), "sbom.json"));
  await assert.rejects(verify(false), { code: "IMAGE_TAMPERED", message: /sbom.json is missing$/ });
}

/** A disk gone bad, or fs-verity's refusal: found once, it is not forgotten over what was known of the untouched file. */
async function assertUnreadableShows(
  { host, layout }: Pick<BuildArea, "host" | "layout">,
  digest: Parameters<typeof layout.image.files>[0],
  cache: SealCache,
): Promise<void> {
  const refusal = Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
  const broken = { ...host, measure: () => Promise.reject(refusal) };
  for (const full of [true, false])
    await assert.rejects(verifyImageSeal({ host: broken, layout, digest, full, cache }), {
      code: "IMAGE_TAMPERED",
      message: /image\.erofs .*: EIO: i\/o error, read$/,
    });
  await verifyImageSeal({ host, layout, digest, full: false, cache });
}

function flipByte(file: string, at: number): () => void {
  const flip = () => {
    const fd = openSync(file, "r+");
    const byte = readFileSync(file)[at] ?? 0;
    writeSync(fd, Buffer.from([byte ^ 1]), 0, 1, at);
  };
  flip();
  return flip;
}

/** Out of this store, into another: only with the key, only whole, only what belongs there. */
async function assertTravels(area: BuildArea, digest: Parameters<typeof area.layout.image.files>[0]): Promise<void> {
  const { host, layout } = area;
  const other = area.layoutAt("other");
  const file = path.join(area.path, "web.tar.zst");
  await exportImage({ host, layout, digest, file });
  await assert.rejects(importImage({ host, layout: other, file: path.join(area.path, "missing.tar") }), { code: "IMAGE_REFUSED" });
  const key = readdirSync(layout.trustedKeys)[0] ?? "";
  await assert.rejects(importImage({ host, layout: other, file }), { code: "IMAGE_UNSIGNED" });
  copyFileSync(path.join(layout.trustedKeys, key), path.join(other.trustedKeys, key));
  assert.equal((await importImage({ host, layout: other, file })).manifest.digest, digest);
  assert.equal((await importImage({ host, layout: other, file })).unchanged, true);
  await assertHostileArchivesRefused(area);
  const store = new ImageStore(other);
  assert.equal((await store.find(digest.slice(7, 15))).manifest.digest, digest);
  await assert.rejects(store.remove(digest, ["web"]), { code: "IMAGE_IN_USE", message: /web needs it$/ });
  await store.remove(digest, []);
  await assert.rejects(store.get(digest), { code: "IMAGE_UNKNOWN" });
}

async function assertHostileArchivesRefused(area: BuildArea): Promise<void> {
  const names = ["image.erofs", "manifest.json", "files.jsonl", "sbom.json", "blueprint.yaml", "provenance.dsse.json"];
  const folder = mkdtempSync(path.join(area.path, "hostile-"));
  for (const name of names) symlinkSync("/etc/passwd", path.join(folder, name));
  const links = path.join(area.path, "links.tar");
  spawnSync("tar", ["-cf", links, "-C", folder, ...names]);
  await assert.rejects(importImage({ host: area.host, layout: area.layoutAt("other"), file: links }), {
    code: "IMAGE_REFUSED",
    message: /is no regular file$/,
  });
  const odd = path.join(area.path, "odd.tar");
  spawnSync("tar", ["-cf", odd, "--transform=s,^image,../../image,", "-P", "-C", folder, ...names]);
  await assert.rejects(importImage({ host: area.host, layout: area.layoutAt("other"), file: odd }), {
    code: "IMAGE_REFUSED",
    message: /which no exported image does$/,
  });
  rmSync(folder, { recursive: true });
}

test("a folder becomes an image: its devices stay out, its setuid bits too, wherever its links lead", async () => {
  await withBuildArea(async (area) => {
    const root = path.join(area.path, "rootfs");
    for (const folder of ["bin", "etc", "dev", "var/lib/web", "var/run"]) mkdirSync(path.join(root, folder), { recursive: true });
    copyFileSync("/usr/bin/catatonit", path.join(root, "bin/server"));
    chmodSync(path.join(root, "bin/server"), 0o6755);
    spawnSync("mknod", [path.join(root, "bin/disk"), "b", "8", "0"]);
    spawnSync("mkfifo", [path.join(root, "var/pipe")]);
    writeFileSync(path.join(root, "etc/passwd"), "web:x:1000:1000::/var/lib/web:/bin/false\n");
    writeFileSync(path.join(root, "etc/group"), "web:x:1000:\n");
    symlinkSync("/etc/passwd-of-the-host", path.join(root, "etc/resolv.conf"));
    symlinkSync("/var/lib/web", path.join(root, "state"));
    const blueprint = blueprintOf({
      from: { kind: "directory", path: root },
      services: { [Name.parse("web")]: { command: ["/bin/server"], user: "web", writable: ["/state"] } },
      files: [{ target: "/state/page", content: "x", owner: "web" }],
    });
    const { digest } = await area.build({ blueprint });
    const records = readFileSync(area.layout.image.files(digest), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => FileRecord.parse(JSON.parse(line)));
    const find = (name: string) => records.find((record) => record.path === name);
    assert.equal(find("/bin/server")?.mode, 0o755);
    assert.equal(find("/bin/disk"), undefined);
    assert.equal(find("/var/pipe"), undefined);
    assert.equal(find("/etc/resolv.conf")?.kind, "file");
    assert.equal(find("/var/lib/web/page")?.uid, 1000);
    const place = Manifest.parse(JSON.parse(readFileSync(area.layout.image.manifest(digest), "utf8"))).places.find(
      (entry) => entry.path === "/var/lib/web",
    );
    assert.deepEqual([place?.seeded, place?.uid], [true, 1000]);
    await assertKnownOnlyWhole(area, blueprint, path.join(root, "etc/passwd"));
  });
});

/** Made of the same, it is packed only when the store's own is no longer what was sealed; of something else, always. */
async function assertKnownOnlyWhole(area: BuildArea, blueprint: Blueprint, file: string): Promise<void> {
  const build = async () => {
    const steps: string[] = [];
    const { digest } = await area.build({ blueprint, report: ({ step }) => void steps.push(step) });
    return { digest, packed: steps.includes("pack") };
  };
  const same = await build();
  assert.equal(same.packed, false);
  rmSync(area.layout.image.provenance(same.digest));
  assert.deepEqual(await build(), { digest: same.digest, packed: true });
  assert.equal((await build()).packed, false);
  appendFileSync(file, "other:x:1001:1001::/:/bin/false\n");
  const other = await build();
  assert.ok(other.packed && other.digest !== same.digest);
}

test("files that lead out of the blueprint's folder, and what is no file, are refused by name", async () => {
  await withBuildArea(async (area) => {
    const root = path.join(area.path, "rootfs");
    mkdirSync(path.join(root, "etc"), { recursive: true });
    symlinkSync("/etc", path.join(root, "outside"));
    symlinkSync("a", path.join(root, "b"));
    symlinkSync("b", path.join(root, "a"));
    symlinkSync("/etc/passwd", path.join(area.path, "link"));
    spawnSync("mkfifo", [path.join(area.path, "pipe")]);
    const refuses = async (files: Blueprint["files"], message: RegExp) => {
      const blueprint = blueprintOf({ from: { kind: "directory", path: root }, files });
      await assert.rejects(area.build({ blueprint }), { code: "BUILD_FAILED", message });
      assert.deepEqual(listTraces(area.path), []);
    };
    await refuses(
      [{ target: "/x", source: path.join(area.path, "link") }],
      /cannot lay \/x: .*link leads to \/etc\/passwd, outside of the blueprint's folder$/,
    );
    await refuses([{ target: "/x", source: path.join(area.path, "pipe") }], /pipe is no file and no directory$/);
    await refuses([{ target: "/x", source: path.join(area.path, "none") }], /none does not exist$/);
    await refuses([{ target: "/proc/x", content: "x" }], /something else is mounted there$/);
    await refuses([{ target: "/a/x", content: "x" }], /too many symlinks/);
    const stranger = blueprintOf({
      from: { kind: "directory", path: root },
      files: [{ target: "/x", content: "x", owner: "nobody-here" }],
    });
    await assert.rejects(area.build({ blueprint: stranger }), { code: "USER_UNKNOWN" });
    const before = readFileSync("/etc/passwd");
    const inside = blueprintOf({
      from: { kind: "directory", path: root },
      files: [{ target: "/outside/passwd", content: "root:x:0:0::/:/bin/sh\n" }],
    });
    await area.build({ blueprint: inside });
    assert.deepEqual(readFileSync("/etc/passwd"), before);
  });
});

test("a package that does not exist, or no name at all, ends in one sentence and leaves nothing", async () => {
  await withBuildArea(async (area) => {
    const build = (packages: readonly string[]) =>
      area.build({ blueprint: blueprintOf({ from: { kind: "debian", suite: "bookworm", packages } }) });
    await assert.rejects(build(["no-such-package-here"]), (error: Error & { code: string; details: readonly string[] }) => {
      assert.equal(error.code, "BUILD_FAILED");
      assert.equal(
        error.message,
        "cannot build web: step packages: apt-get exited with 100: Unable to locate package no-such-package-here",
      );
      assert.ok(error.details.some((line) => line.includes("Unable to locate package no-such-package-here")));
      return true;
    });
    await assert.rejects(build(["-o=Dir::Log=/x"]), { code: "BUILD_FAILED", message: /is no name of a suite or package$/ });
    assert.deepEqual(readdirSync(area.layout.temporary), []);
    assert.ok(!existsSync(area.layout.images));
  });
});

test("a build that is stopped, or finds the disk full, leaves nothing", async () => {
  await withBuildArea(async (area) => {
    const stop = new AbortController();
    const report = ({ step }: { readonly step: string }) => {
      if (step === "slim") stop.abort();
    };
    await assert.rejects(area.build({ blueprint: nginx, report, signal: stop.signal }), {
      code: "BUILD_FAILED",
      message: "cannot build web: it was stopped in step slim",
    });
    const full = area.layoutAt("full", area.layout.root.replace(/root$/, "full-cache"));
    const small = { ...full, layers: area.layout.layers };
    mount("tmpfs", full.root, "tmpfs", 0, "size=40m");
    await assert.rejects(area.build({ blueprint: nginx, layout: small }), {
      code: "DISK_FULL",
      message: /^cannot seal web: no space left on the file system of /,
    });
    assert.deepEqual(
      readdirSync(full.root).filter((name) => name !== "tmp"),
      [],
    );
    assert.deepEqual(readdirSync(full.temporary), []);
    spawnSync("umount", [full.root]);
  });
});

test("a build killed in any step leaves no image, and what it left the next start takes away", async () => {
  const child = fileURLToPath(new URL("./support/build-child.ts", import.meta.url));
  await withBuildArea(async (area) => {
    const { root } = area.layout;
    const cache = await copyBase(area);
    // The first two times apt-get is at work in its sandbox by then.
    for (const [step, delayMs] of [
      ["packages", 1_500],
      ["packages", 500],
      ["slim", 200],
      ["services", 0],
      ["pack", 100],
      ["seal", 0],
    ] as const) {
      await killAt(step, delayMs, [child, root, cache]);
      await emptyTemporary(area.host, area.layout);
      await area.host.sleep(200);
      assert.deepEqual(listTraces(area.path), [], step);
      assert.ok(!existsSync(area.layout.images) || readdirSync(area.layout.images).length === 0 || step === "seal", step);
    }
    const built = await area.build({
      blueprint: blueprintOf({ from: { kind: "debian", suite: "bookworm", packages: ["netcat-openbsd"] } }),
    });
    assert.equal((await new ImageStore(area.layout).list()).length, 1);
    await verifyImageSeal({ host: area.host, layout: area.layout, digest: built.digest, full: true, cache: new SealCache() });
  });
});

/** A cache that has the base and nothing above it. */
async function copyBase({ path: area, layout, host, build }: BuildArea): Promise<string> {
  await build({ blueprint: blueprintOf({ services: { [Name.parse("web")]: { command: ["/bin/true"] } } }) });
  const layers = readdirSync(layout.layers);
  const kept = layers.filter(
    (name) => name.startsWith("apt-") || existsSync(path.join(layout.layers, name, "tree/var/lib/dpkg/info/base-files.list")),
  );
  mkdirSync(path.join(area, "cache/layers"), { recursive: true });
  for (const name of kept) await host.files.copyTree(path.join(layout.layers, name), path.join(area, "cache/layers", name));
  for (const { manifest } of await new ImageStore(layout).list()) await new ImageStore(layout).remove(manifest.digest, []);
  return path.join(area, "cache");
}

/** Ends the build with SIGKILL, a moment after the step has begun. */
function killAt(step: string, delayMs: number, commandLine: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, commandLine, { stdio: ["ignore", "pipe", "inherit"] });
    let reached = false;
    child.stdout.on("data", (bytes: Buffer) => {
      if (!bytes.toString().split("\n").includes(step)) return;
      reached = true;
      setTimeout(() => child.kill("SIGKILL"), delayMs);
    });
    child.once("close", (code) => (reached ? resolve() : reject(new Error(`the build ended with ${code} before step ${step}`))));
  });
}
