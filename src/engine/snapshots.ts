/** Snapshots: a named point of an ISC, kept as a small record beside the ISC's own and read-only copies of its volumes. */
import { isProblem, Problem } from "../base/problem.ts";
import type { Digest } from "../model/digest.ts";
import { isName, type Name } from "../model/name.ts";
import { SnapshotRecord } from "../model/snapshot.ts";
import type { Engine } from "./engine.ts";
import { listVolumes } from "./volumes/volume-list.ts";
import { cloneVolumes, removeVolumeSnapshot, snapshotVolumes } from "./volumes/volume-snapshots.ts";

/** The volumes are copied first and the record written last: a snapshot that can be seen is whole. Throws Problem NAME_TAKEN, DISK_FULL. */
export function takeSnapshot(engine: Engine, isc: Name, name: Name): Promise<SnapshotRecord> {
  return engine.locks.run(isc, async () => {
    const record = engine.iscs.get(isc);
    if (await readSnapshot(engine, isc, name)) {
      throw new Problem("NAME_TAKEN", `cannot take snapshot ${isc}@${name}: there is one of that name`, {
        hint: `iscadm snapshot-rm ${isc}@${name}`,
      });
    }
    // What a broken-off attempt copied is of another moment.
    await removeVolumeSnapshot(engine, { isc, snapshot: name });
    await snapshotVolumes(engine, { isc, snapshot: name });
    const snapshot: SnapshotRecord = {
      version: 1,
      isc,
      name,
      image: record.image,
      exposures: record.exposures,
      volumes: await listVolumes(engine, isc),
      takenAtMs: engine.host.now(),
    };
    await engine.host.files.makeDirectory(engine.layout.isc.snapshots(isc));
    await engine.host.files.writeAtomic(engine.layout.isc.snapshot(isc, name), `${JSON.stringify(snapshot, undefined, 2)}\n`);
    return snapshot;
  });
}

/** Throws Problem SNAPSHOT_UNKNOWN. */
export async function findSnapshot(engine: Engine, isc: Name, name: Name): Promise<SnapshotRecord> {
  engine.iscs.get(isc);
  const snapshot = await readSnapshot(engine, isc, name);
  if (snapshot) return snapshot;
  const names = (await listSnapshots(engine, isc)).snapshots.map((one) => one.name).join(", ");
  throw new Problem("SNAPSHOT_UNKNOWN", `${isc} has no snapshot ${name}`, {
    hint: names === "" ? `iscadm snapshot ${isc}@${name} takes one` : `it has ${names}`,
  });
}

export interface SnapshotList {
  /** Oldest first. */
  readonly snapshots: readonly SnapshotRecord[];
  /** Of each record that cannot be read, what every command on its snapshot says. */
  readonly damaged: readonly Problem[];
}

/** Of one ISC or of all. One damaged record hides no other. */
export async function listSnapshots(engine: Engine, isc?: Name): Promise<SnapshotList> {
  const iscs = isc === undefined ? engine.iscs.list().map(({ name }) => name) : [engine.iscs.get(isc).name];
  const found = await Promise.all(iscs.map((name) => readSnapshots(engine, name)));
  const answers = found.flat();
  return {
    snapshots: answers
      .flatMap((answer) => (answer === undefined || isProblem(answer) ? [] : [answer]))
      .sort((one, other) => one.takenAtMs - other.takenAtMs),
    damaged: answers.filter(isProblem),
  };
}

async function readSnapshots(engine: Engine, isc: Name): Promise<readonly (SnapshotRecord | Problem | undefined)[]> {
  const files = await engine.host.files.findList(engine.layout.isc.snapshots(isc));
  const names = files.map((file) => file.replace(/\.json$/, "")).filter(isName);
  return Promise.all(
    names.map((name) =>
      readSnapshot(engine, isc, name).catch((error: unknown) => {
        if (isProblem(error)) return error;
        throw error;
      }),
    ),
  );
}

/** Throws Problem SNAPSHOT_UNKNOWN. */
export function removeSnapshot(engine: Engine, isc: Name, name: Name): Promise<SnapshotRecord> {
  return engine.locks.run(isc, async () => {
    const snapshot = await findSnapshot(engine, isc, name);
    await engine.host.files.remove(engine.layout.isc.snapshot(isc, name));
    await removeVolumeSnapshot(engine, { isc, snapshot: name });
    return snapshot;
  });
}

/** Gives a clone writable copies of a snapshot's volumes. */
export async function cloneSnapshotVolumes(engine: Engine, snapshot: SnapshotRecord, to: Name): Promise<void> {
  const { posture } = await engine.images.open(snapshot.image);
  await cloneVolumes(engine, { from: { isc: snapshot.isc, snapshot: snapshot.name }, to, sizes: posture.volumes });
}

/** Images that snapshots need, so that they are not removed; `damaged` are snapshots of which nobody can tell what they need. */
export async function imagesOfSnapshots(
  engine: Engine,
): Promise<{ readonly images: ReadonlyMap<Digest, readonly Name[]>; readonly damaged: readonly Problem[] }> {
  const images = new Map<Digest, Name[]>();
  const { snapshots, damaged } = await listSnapshots(engine);
  for (const { image, isc } of snapshots) images.set(image, [...(images.get(image) ?? []), isc]);
  return { images, damaged };
}

/** Throws Problem STATE_DAMAGED when the file is there but cannot be read. */
async function readSnapshot(engine: Engine, isc: Name, name: Name): Promise<SnapshotRecord | undefined> {
  const file = engine.layout.isc.snapshot(isc, name);
  const text = await engine.host.files.findText(file);
  if (text === undefined) return undefined;
  const snapshot = parseSnapshot(text, isc, name);
  if (snapshot) return snapshot;
  throw new Problem("STATE_DAMAGED", `cannot use snapshot ${isc}@${name}: its state file ${file} is damaged`, {
    hint: "put the file back from a backup, or remove it by hand",
  });
}

/** Undefined also for the record of another snapshot. */
function parseSnapshot(text: string, isc: Name, name: Name): SnapshotRecord | undefined {
  try {
    const snapshot = SnapshotRecord.parse(JSON.parse(text));
    return snapshot.isc === isc && snapshot.name === name ? snapshot : undefined;
  } catch {
    return undefined;
  }
}
