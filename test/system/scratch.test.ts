import assert from "node:assert/strict";
import { chownSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isProblem } from "../../src/base/problem.ts";
import { ensureScratch, removeScratch, type ScratchRequest } from "../../src/engine/parts/scratch.ts";
import { encryptedDirectory } from "../../src/engine/parts/scratch-device.ts";
import { ensureOverlay, overlayDirectories } from "../../src/engine/parts/scratch-overlay.ts";
import { probeScratch } from "../../src/engine/parts/scratch-probe.ts";
import type { WritablePlace } from "../../src/model/image.ts";
import { Name } from "../../src/model/name.ts";
import { holdsText, listLoopFiles, listMounts, type PrivateArea, runAsIsc, withPrivateArea } from "./private-area.ts";

const name = Name.parse("web");
const hostId = 0x7123_0000;
const idMap = { insideId: 0, hostId, count: 65_536 };
const MiB = 1024 * 1024;

const places: readonly WritablePlace[] = [
  place("/tmp", 0o1777, 0),
  { ...place("/var/log", 0o755, 0), directories: [{ path: "/var/log/nginx", mode: 0o2750, uid: 33, gid: 4 }] },
  { ...place("/srv/app", 0o700, 33), seeded: true },
];

function place(path: string, mode: number, uid: number): WritablePlace {
  return { path, mode, uid, gid: uid, directories: [], seeded: false };
}

function request(area: PrivateArea, more: Partial<ScratchRequest> = {}): ScratchRequest {
  return { name, sizeBytes: 64 * MiB, places, idMap, imageRoot: area.imageRoot, ...more };
}

function isGone(area: PrivateArea): boolean {
  return (
    listMounts(area.layout.run).length === 0 && listLoopFiles(area.path).length === 0 && !existsSync(area.layout.isc.scratchFile(name))
  );
}

test("scratch shows its places under the ISC's own ids, and nothing in it can be executed", async () => {
  await withPrivateArea(async (area) => {
    chownSync(join(area.imageRoot, "srv/app/deep/seed"), 33, 4);
    await ensureScratch(area, request(area));
    const root = area.layout.live.placesMount(name);
    const described = ["/tmp", "/var/log", "/var/log/nginx", "/srv/app", "/srv/app/deep/seed"].map((path) => {
      const { mode, uid, gid } = statSync(root + path);
      return `${path} ${(mode & 0o7777).toString(8)} ${uid - hostId}:${gid - hostId}`;
    });
    assert.deepEqual(described, [
      "/tmp 1777 0:0",
      "/var/log 755 0:0",
      "/var/log/nginx 2750 33:4",
      "/srv/app 700 33:33",
      "/srv/app/deep/seed 644 33:4",
    ]);
    const script = `id -u && cp /bin/true mine && stat -c %u:%g mine && ./mine; cat ../srv/app/deep/seed`;
    assert.match(
      await runAsIsc(area, { directory: `${root}/tmp`, hostId, insideId: 33, script }),
      /^33\n33:33\n.*mine: Permission denied\nseed$/,
    );
    const state = await probeScratch(area, name);
    assert.ok(state.mounted);
    assert.deepEqual([state.encryption, state.fileSystem, state.backingFile], ["fscrypt", "ext4", area.layout.isc.scratchFile(name)]);
    for (const option of ["nosuid", "nodev", "noexec", "noatime", "idmapped"]) assert.ok(state.options.includes(option), option);
    assert.ok(state.sizeBytes > 60 * MiB && state.sizeBytes <= 64 * MiB);
    await removeScratch(area, name);
    assert.ok(isGone(area));
    assert.deepEqual(await probeScratch(area, name), { mounted: false });
  });
});

test("neither contents nor names of scratch can be read from its file", async () => {
  await withPrivateArea(async (area) => {
    await ensureScratch(area, request(area));
    const secret = "plain-text-of-a-secret-".repeat(1000);
    const plain = join(area.layout.live.scratchMount(name), "beside-the-encrypted-directory");
    writeFileSync(plain, secret.replaceAll("secret", "control"));
    const script = "yes plain-text-of-a-secret- | head -1000 > name-of-a-secret && sync name-of-a-secret && echo written";
    assert.equal(await runAsIsc(area, { directory: `${area.layout.live.placesMount(name)}/tmp`, hostId, script }), "written");
    const file = area.layout.isc.scratchFile(name);
    await area.host.run({ program: "sync", arguments: ["-f", plain] });
    assert.ok(await holdsText(area, file, "plain-text-of-a-control"), "the search does find what is not encrypted");
    assert.equal(await holdsText(area, file, "plain-text-of-a-secret"), false);
    assert.equal(await holdsText(area, file, "name-of-a-secret"), false);
    await removeScratch(area, name);
  });
});

test("scratch that is full says so inside, and holds no more than its size", async () => {
  await withPrivateArea(async (area) => {
    await ensureScratch(area, request(area, { sizeBytes: 8 * MiB }));
    const script = "dd if=/dev/zero of=big bs=1M count=20 status=none";
    const answer = await runAsIsc(area, { directory: `${area.layout.live.placesMount(name)}/tmp`, hostId, script });
    assert.match(answer, /No space left on device/);
    const state = await probeScratch(area, name);
    assert.ok(state.mounted && state.usedBytes > 6 * MiB);
    await removeScratch(area, name);
  });
});

test("ensuring twice keeps what is there; removing twice is no error", async () => {
  await withPrivateArea(async (area) => {
    await ensureScratch(area, request(area));
    const before = statSync(area.layout.isc.scratchFile(name)).ino;
    await ensureScratch(area, request(area));
    assert.equal(statSync(area.layout.isc.scratchFile(name)).ino, before);
    await removeScratch(area, name);
    await removeScratch(area, name);
    assert.ok(isGone(area));
  });
});

test("scratch broken off after any step is made anew by ensure and taken away by remove", async () => {
  await withPrivateArea(async (area) => {
    const file = area.layout.isc.scratchFile(name);
    const { kernel } = area.host;
    for (const step of ["writeSparse", "attachLoop", "addEncryptionKey", "setEncryptionPolicy", "makeDirectories", "cloneMountWithIdmap"]) {
      for (const next of [() => ensureScratch(area, request(area)), () => removeScratch(area, name)]) {
        await assert.rejects(ensureScratch({ ...area, host: breakingAt(area, step) }, request(area)), /broken off/);
        // The kill struck before any clean-up could run: put back what stood at that moment.
        assert.ok(isGone(area), step);
        leaveDebris(area, step);
        await next();
        await removeScratch(area, name);
        assert.ok(isGone(area), step);
        assert.equal(kernel.loop.findLoopByFile(file), undefined);
      }
    }
  });
});

/** A host whose kernel refuses one call. */
function breakingAt(area: PrivateArea, step: string): PrivateArea["host"] {
  const fail = () => {
    throw new Error("broken off");
  };
  const kernel = Object.fromEntries(
    Object.entries(area.host.kernel).map(([part, calls]) => [part, step in calls ? { ...calls, [step]: fail } : calls]),
  ) as unknown as PrivateArea["host"]["kernel"];
  return { ...area.host, kernel };
}

function leaveDebris(area: PrivateArea, step: string): void {
  const { layout } = area;
  const { loop, mounts } = area.host.kernel;
  mkdirSync(layout.live.scratchMount(name), { recursive: true });
  mkdirSync(layout.isc.directory(name), { recursive: true });
  writeFileSync(layout.isc.scratchFile(name), "half");
  if (step === "writeSparse") return;
  // A loop device that outlived its maker, as one without autoclear would.
  writeFileSync(layout.isc.scratchFile(name), Buffer.alloc(MiB));
  using _device = loop.attachLoop(layout.isc.scratchFile(name));
  if (step !== "attachLoop") mounts.mount("debris", layout.live.scratchMount(name), "ramfs");
}

test("a process that still holds scratch open gets errors from then on, and keeps nobody from removing it", async () => {
  await withPrivateArea(async (area) => {
    await ensureScratch(area, request(area));
    const tmp = join(area.layout.live.placesMount(name), "tmp");
    const script = "exec 3>f; echo x >&3; echo held > ready; while echo more >&3; do sleep 0.02; done";
    const holder = runAsIsc(area, { directory: tmp, hostId, script });
    while (!existsSync(join(tmp, "ready"))) await area.host.sleep(5);
    await removeScratch(area, name);
    assert.equal(existsSync(area.layout.isc.scratchFile(name)), false);
    assert.match(await holder, /(Input\/output|I\/O) error/);
    assert.ok(isGone(area));
  });
});

test("a place behind a symlink of the image is refused, and nothing is left of the attempt", async () => {
  await withPrivateArea(async (area) => {
    symlinkSync("/etc", join(area.imageRoot, "srv/app/deep/out"));
    const hostile = [...places, { ...place("/srv/app/deep/out/made", 0o755, 0) }];
    await ensureScratch(area, request(area, { places: hostile }));
    assert.equal(existsSync("/etc/made"), false);
    await removeScratch(area, name);
    const seeded = [{ ...place("/linked", 0o755, 0), seeded: true }];
    symlinkSync("/etc", join(area.imageRoot, "linked"));
    await ensureScratch(area, request(area, { places: seeded }));
    assert.equal(existsSync(join(area.layout.live.placesMount(name), "linked/hostname")), false);
    await removeScratch(area, name);
    await assert.rejects(ensureScratch(area, request(area, { places: [place("/../out", 0o755, 0)] })), RangeError);
    assert.ok(isGone(area));
  });
});

test("a host without room refuses with a sentence and leaves nothing", async () => {
  await withPrivateArea(async (area) => {
    await area.scratchTemplates.get(64 * MiB);
    const { mounts } = area.host.kernel;
    mkdirSync(area.layout.isc.directory(name), { recursive: true });
    mounts.mount("full", area.layout.isc.directory(name), "tmpfs", 0, "size=8k");
    await assert.rejects(
      ensureScratch(area, request(area)),
      (error) => isProblem(error) && error.code === "DISK_FULL" && /^cannot make scratch of 64MiB for web/.test(error.message),
    );
    mounts.unmount(area.layout.isc.directory(name));
    assert.ok(isGone(area));
  });
});

test("the flexible profile writes over /etc and /var inside, and the sealed files stay as they are", async () => {
  await withPrivateArea(async (area) => {
    const { layout, host } = area;
    const rootMount = layout.live.rootMount(name);
    mkdirSync(rootMount, { recursive: true });
    chownSync(join(area.imageRoot, "etc"), 5, 6);
    await host.kernel.userNamespaces.lend(idMap, async (userNamespaceFd) =>
      host.kernel.mounts.cloneMountWithIdmap({ source: area.imageRoot, target: rootMount, userNamespaceFd, readOnly: true }),
    );
    await ensureScratch(area, request(area));
    for (const directory of overlayDirectories) assert.ok(await ensureOverlay(area, name, directory));
    assert.ok(await ensureOverlay(area, name, "/etc"));
    const etc = layout.live.overlayMount(name, "/etc");
    const script = `stat -c %u:%g .; cat conf; echo; echo changed > conf; cat conf; mkdir new; touch new/f; chown 7:8 new/f; stat -c %u:%g new/f; mv new other; rm conf; ls; cp /bin/true t; ./t`;
    assert.match(await runAsIsc(area, { directory: etc, hostId, script }), /^5:6\nsealed\nchanged\n7:8\nother\n.*t: Permission denied$/);
    assert.equal(readFileSync(join(area.imageRoot, "etc/conf"), "utf8"), "sealed");
    assert.ok(
      host.kernel.fscrypt.readEncryptionPolicy(join(layout.live.scratchMount(name), encryptedDirectory, ".overlay/etc/upper/other")),
    );
    await removeScratch(area, name);
    host.kernel.mounts.unmount(rootMount);
    assert.ok(isGone(area));
  });
});

test("scratch under dm-crypt", { skip: existsSync("/dev/mapper/control") ? false : "this kernel has no device mapper" }, async () => {
  await withPrivateArea(async (area) => {
    await ensureScratch(area, request(area, { encryption: "dm-crypt" }));
    const state = await probeScratch(area, name);
    assert.ok(state.mounted && state.encryption === "dm-crypt");
    await removeScratch(area, name);
    assert.ok(isGone(area));
  });
});
