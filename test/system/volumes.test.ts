import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isProblem } from "../../src/base/problem.ts";
import { mountVolumes, removeVolumesOf, unmountVolumes } from "../../src/engine/volumes/iscs.ts";
import { createVolume, removeVolume, type VolumeRequest } from "../../src/engine/volumes/volume.ts";
import { findVolumeUsage, listVolumeSnapshots, listVolumes, sweepVolumes } from "../../src/engine/volumes/volume-list.ts";
import { ensureVolumeMount, probeVolumeMount, removeVolumeMount } from "../../src/engine/volumes/volume-mount.ts";
import { snapshotDirectory, volumePath, volumesDirectory } from "../../src/engine/volumes/volume-paths.ts";
import { closePool, ensurePool, probePool } from "../../src/engine/volumes/volume-pool.ts";
import { cloneVolumes, removeVolumeSnapshot, rollbackVolumes, snapshotVolumes } from "../../src/engine/volumes/volume-snapshots.ts";
import { layoutOf } from "../../src/model/layout.ts";
import { Name } from "../../src/model/name.ts";
import { holdsText, listLoopFiles, listMounts, type PrivateArea, runAsIsc, withPrivateArea } from "./private-area.ts";

const MiB = 1024 * 1024;
const web = Name.parse("web");
const copy = Name.parse("copy");
const data = Name.parse("data");
const before = Name.parse("before");
const hostId = 0x7123_0000;
const idMap = { insideId: 0, hostId, count: 65_536 };
const sizes = { data: { sizeBytes: 64 * MiB } };

function request(area: PrivateArea, more: Partial<VolumeRequest> = {}): VolumeRequest {
  return { isc: web, volume: data, at: "/var/lib/data", sizeBytes: 64 * MiB, places: [], imageRoot: area.imageRoot, ...more };
}

/** Runs a test with a pool, and takes it away afterwards. */
async function withPool(run: (area: PrivateArea) => Promise<void>): Promise<void> {
  await withPrivateArea(async (area) => {
    try {
      await run(area);
    } finally {
      closePool(area);
    }
  });
}

const live = (area: PrivateArea, isc = web) => volumePath(area.layout, { isc, volume: data });

test("the pool is made with the first volume, and found again after a boot", async () => {
  await withPool(async (area) => {
    assert.deepEqual(await listVolumes(area, web), []);
    await removeVolume(area, { isc: web, volume: data });
    await removeVolumesOf(area, web, { shred: true });
    assert.equal(existsSync(area.layout.volumePoolImage), false, "nothing is made by looking or removing");
    await Promise.all([ensurePool(area), ensurePool(area), createVolume(area, request(area))]);
    writeFileSync(join(live(area), "kept"), "kept");
    assert.ok(statSync(area.layout.volumePoolImage).blocks * 512 < 32 * MiB, "the file is sparse");
    closePool(area);
    assert.deepEqual(await probePool(area), { kind: "none" });
    assert.deepEqual(await listVolumes(area, web), [data]);
    assert.equal((await probePool(area)).kind, "image");
    assert.equal(readFileSync(join(live(area), "kept"), "utf8"), "kept");
    assert.equal((await findVolumeUsage(area, { isc: web, volume: data }))?.limitBytes, 64 * MiB);
  });
});

test("a pool that an ISC of an earlier dock still holds is mounted from the same device", async () => {
  await withPool(async (area) => {
    await createVolume(area, request(area));
    await ensureVolumeMount(area, { isc: web, volume: data }, { idMap });
    // The pool's own mount is gone, as after the end of the dock's mount namespace; the ISC's mount is not.
    closePool(area);
    assert.equal(await createVolume(area, request(area)), "kept");
    writeFileSync(join(live(area), "seen"), "by both");
    assert.equal(readFileSync(join(area.layout.live.volumeMount(web, data), "seen"), "utf8"), "by both");
    assert.deepEqual(listLoopFiles(area.path), [area.layout.volumePoolImage]);
    removeVolumeMount(area, { isc: web, volume: data });
  });
});

test("a new volume holds what the image has in its place, with owners and modes", async () => {
  await withPool(async (area) => {
    chownSync(join(area.imageRoot, "srv/app"), 33, 34);
    chownSync(join(area.imageRoot, "srv/app/deep/seed"), 35, 36);
    assert.equal(await createVolume(area, request(area, { at: "/srv/app" })), "created");
    const described = ["", "deep/seed"].map((path) => statSync(join(live(area), path))).map(({ uid, gid }) => `${uid}:${gid}`);
    assert.deepEqual(described, ["33:34", "35:36"]);
    writeFileSync(join(live(area), "deep/seed"), "changed");
    assert.equal(await createVolume(area, request(area, { at: "/srv/app" })), "kept");
    assert.equal(readFileSync(join(live(area), "deep/seed"), "utf8"), "changed");
    const places = [
      {
        path: "/srv/app",
        mode: 0o700,
        uid: 7,
        gid: 7,
        directories: [{ path: "/srv/app/run", mode: 0o750, uid: 8, gid: 8 }],
        seeded: false,
      },
    ];
    await createVolume(area, request(area, { isc: copy, at: "/srv/app/", places }));
    assert.deepEqual(readdirSync(live(area, copy)), ["run"]);
    assert.deepEqual([statSync(live(area, copy)).mode & 0o777, statSync(join(live(area, copy), "run")).uid], [0o700, 8]);
  });
});

test("an ISC writes to its volume under its own ids, up to the quota, and nobody else notices", async () => {
  await withPool(async (area) => {
    for (const isc of [web, copy]) {
      await createVolume(area, request(area, { isc, sizeBytes: 16 * MiB }));
      await ensureVolumeMount(area, { isc, volume: data }, { idMap });
    }
    const directory = area.layout.live.volumeMount(web, data);
    const script =
      "touch mine; chown 33:33 mine; stat -c %u:%g mine; cp /bin/true t; ./t; dd if=/dev/urandom of=big bs=1M count=32 conv=fsync status=none";
    assert.match(
      await runAsIsc(area, { directory, hostId, script }),
      /^33:33\n.*t: Permission denied\n.*(Disk quota exceeded|No space left on device)/,
    );
    assert.equal(statSync(join(live(area), "mine")).uid, 33);
    const other = {
      directory: area.layout.live.volumeMount(copy, data),
      hostId,
      script: "dd if=/dev/urandom of=fine bs=1M count=8 conv=fsync status=none && echo fine",
    };
    assert.equal(await runAsIsc(area, other), "fine");
    await area.host.run({ program: "btrfs", arguments: ["filesystem", "sync", area.layout.volumePool] });
    const state = probeVolumeMount(area, { isc: web, volume: data });
    assert.ok(state.mounted && state.isCurrent && state.limitBytes === 16 * MiB);
    assert.ok((state.referencedBytes ?? 0) > 12 * MiB && (state.referencedBytes ?? 0) <= 16 * MiB);
    for (const option of ["nosuid", "nodev", "noexec", "idmapped"]) assert.ok(state.options.includes(option), option);
    for (const isc of [web, copy]) for (const _twice of [1, 2]) removeVolumeMount(area, { isc, volume: data });
    assert.deepEqual(probeVolumeMount(area, { isc: web, volume: data }), { mounted: false });
  });
});

test("what the image brings must fit into the volume, and a refused one leaves nothing", async () => {
  await withPool(async (area) => {
    writeFileSync(join(area.imageRoot, "srv/app/large"), Buffer.alloc(12 * MiB, "x"));
    await assert.rejects(
      createVolume(area, request(area, { at: "/srv/app", sizeBytes: 4 * MiB })),
      (error) => isProblem(error) && error.code === "DISK_FULL" && error.message === "cannot create volume data of web: no space is left",
    );
    assert.deepEqual(await listVolumes(area, web), []);
    assert.deepEqual(readdirSync(volumesDirectory(area.layout, web)), []);
  });
});

test("a snapshot stays as it was, a rollback brings it back, and both may be repeated", async () => {
  await withPool(async (area) => {
    const snapshot = { isc: web, snapshot: before };
    await createVolume(area, request(area));
    writeFileSync(join(live(area), "file"), "before");
    await snapshotVolumes(area, snapshot);
    writeFileSync(join(live(area), "file"), "after");
    await snapshotVolumes(area, snapshot);
    assert.deepEqual(await listVolumeSnapshots(area, web), [snapshot]);
    const kept = join(snapshotDirectory(area.layout, snapshot), "data/file");
    assert.throws(() => writeFileSync(kept, "changed"), /EROFS/);
    await ensureVolumeMount(area, { isc: web, volume: data }, { idMap });
    for (const _twice of [1, 2]) {
      await rollbackVolumes(area, snapshot, sizes);
      assert.equal(readFileSync(join(live(area), "file"), "utf8"), "before");
      assert.deepEqual(readdirSync(area.layout.volumePool).sort(), ["web", "web@before"]);
    }
    const stale = probeVolumeMount(area, { isc: web, volume: data });
    assert.ok(stale.mounted && !stale.isCurrent);
    await ensureVolumeMount(area, { isc: web, volume: data }, { idMap });
    assert.equal(readFileSync(join(area.layout.live.volumeMount(web, data), "file"), "utf8"), "before");
    assert.equal((await findVolumeUsage(area, { isc: web, volume: data }))?.limitBytes, 64 * MiB);
    removeVolumeMount(area, { isc: web, volume: data });
    await removeVolumeSnapshot(area, snapshot);
    await removeVolumeSnapshot(area, snapshot);
    assert.deepEqual(await listVolumeSnapshots(area), []);
    await assert.rejects(rollbackVolumes(area, snapshot, sizes), (error) => isProblem(error) && error.code === "STATE_DAMAGED");
  });
});

test("a rollback or snapshot broken off half-way is finished by asking again", async () => {
  await withPool(async (area) => {
    const { btrfs } = area.host.kernel;
    const snapshot = { isc: web, snapshot: before };
    await createVolume(area, request(area));
    writeFileSync(join(live(area), "file"), "before");
    // Killed while the snapshot was a draft.
    const draft = `${snapshotDirectory(area.layout, snapshot)}.new`;
    mkdirSync(draft);
    btrfs.snapshotSubvolume(live(area), join(draft, "data"), { readOnly: true });
    assert.deepEqual(await listVolumeSnapshots(area), []);
    await snapshotVolumes(area, snapshot);
    writeFileSync(join(live(area), "file"), "after");
    // Killed before, then after the exchange: what remains is one and the same draft.
    const rollbackDraft = `${volumesDirectory(area.layout, web)}.new`;
    mkdirSync(rollbackDraft);
    btrfs.createSubvolume(join(rollbackDraft, "data"));
    await rollbackVolumes(area, snapshot, sizes);
    assert.equal(readFileSync(join(live(area), "file"), "utf8"), "before");
    // Killed while a new volume was being filled, and while an ISC was being destroyed.
    btrfs.createSubvolume(`${live(area)}.new`);
    await createVolume(area, request(area, { isc: copy }));
    await sweepVolumes(area, new Set([web]));
    assert.deepEqual(readdirSync(area.layout.volumePool).sort(), ["web", "web@before"]);
    assert.deepEqual(readdirSync(volumesDirectory(area.layout, web)), ["data"]);
  });
});

test("clones of an ISC and of a snapshot are writable, limited and independent", async () => {
  await withPool(async (area) => {
    const snapshot = { isc: web, snapshot: before };
    const third = Name.parse("third");
    await createVolume(area, request(area));
    writeFileSync(join(live(area), "file"), "before");
    await snapshotVolumes(area, snapshot);
    writeFileSync(join(live(area), "file"), "now");
    for (const _twice of [1, 2]) await cloneVolumes(area, { from: { isc: web }, to: copy, sizes });
    await cloneVolumes(area, { from: snapshot, to: third, sizes });
    assert.deepEqual(
      [copy, third].map((isc) => readFileSync(join(live(area, isc), "file"), "utf8")),
      ["now", "before"],
    );
    writeFileSync(join(live(area, copy), "file"), "own");
    assert.equal(readFileSync(join(live(area), "file"), "utf8"), "now");
    assert.equal((await findVolumeUsage(area, { isc: third, volume: data }))?.limitBytes, 64 * MiB);
    await removeVolumesOf(area, web, { shred: false });
    assert.deepEqual(readdirSync(area.layout.volumePool).sort(), ["copy", "third"]);
    await assert.rejects(
      cloneVolumes(area, { from: snapshot, to: web, sizes }),
      (error) => isProblem(error) && error.code === "STATE_DAMAGED",
    );
  });
});

test("a shredded volume is gone from the pool's file, also with subvolumes made inside it", async () => {
  await withPool(async (area) => {
    await createVolume(area, request(area));
    area.host.kernel.btrfs.createSubvolume(join(live(area), "inner"));
    writeFileSync(join(live(area), "inner/large"), "plain-text-in-a-volume\n".repeat(100_000));
    writeFileSync(join(live(area), "small"), "plain-text-in-a-volume");
    await snapshotVolumes(area, { isc: web, snapshot: before });
    await area.host.run({ program: "btrfs", arguments: ["filesystem", "sync", area.layout.volumePool] });
    assert.ok(await holdsText(area, area.layout.volumePoolImage, "plain-text-in-a-volume"));
    const used = statSync(area.layout.volumePoolImage).blocks;
    await removeVolumesOf(area, web, { shred: true });
    assert.equal(await holdsText(area, area.layout.volumePoolImage, "plain-text-in-a-volume"), false);
    assert.ok(statSync(area.layout.volumePoolImage).blocks < used);
    assert.deepEqual(readdirSync(area.layout.volumePool), []);
    const counts = execFileSync("btrfs", ["qgroup", "show", "--raw", area.layout.volumePool], { encoding: "utf8" });
    assert.deepEqual(counts.match(/^0\/\d+/gm), ["0/5"], "no count is left of what was deleted");
  });
});

test("volumes of a manifest are mounted at start and taken away again", async () => {
  await withPool(async (area) => {
    const record = { name: web, image: `sha256:${"0".repeat(64)}` } as Parameters<typeof mountVolumes>[1];
    const volumes = { [data]: { at: "/srv/app", sizeBytes: 32 * MiB } };
    const manifest = { places: [], posture: { volumes } } as unknown as Parameters<typeof mountVolumes>[2];
    mkdirSync(area.layout.image.mount(record.image), { recursive: true });
    for (const _twice of [1, 2]) await mountVolumes(area, record, manifest, { idMap });
    assert.equal(listMounts(area.layout.run).length, 1);
    for (const _twice of [1, 2]) unmountVolumes(area, web, manifest);
    assert.deepEqual(listMounts(area.layout.run), []);
  });
});

test("on a btrfs host the pool is a plain directory", async () => {
  await withPrivateArea(async (area) => {
    const disk = join(area.path, "disk");
    const root = join(area.path, "btrfs");
    mkdirSync(root);
    area.host.kernel.sparse.writeSparse(disk, { sizeBytes: 512 * MiB, extents: [] });
    execFileSync("mkfs.btrfs", ["--quiet", disk]);
    {
      using device = area.host.kernel.loop.attachLoop(disk, { autoclear: true });
      area.host.kernel.mounts.mount(device.device, root, "btrfs");
    }
    const onBtrfs = { ...area, layout: layoutOf({ root, run: area.layout.run }) };
    assert.equal(await createVolume(onBtrfs, request(onBtrfs)), "created");
    assert.equal(existsSync(onBtrfs.layout.volumePoolImage), false);
    assert.equal((await probePool(onBtrfs)).kind, "directory");
    assert.equal((await findVolumeUsage(onBtrfs, { isc: web, volume: data }))?.limitBytes, 64 * MiB);
    await removeVolumesOf(onBtrfs, web, { shred: true });
    closePool(onBtrfs);
    area.host.kernel.mounts.unmount(root);
  });
});
