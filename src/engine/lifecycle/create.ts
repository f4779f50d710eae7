/** New ISCs: from an image, or as clones of another. Nothing is mounted or started; a record is all an ISC is until it starts. */
import { randomBytes } from "node:crypto";
import { Problem } from "../../base/problem.ts";
import type { Digest } from "../../model/digest.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { Exposure } from "../../model/network.ts";
import type { Membership, NetworkRange } from "../../model/stack.ts";
import type { Engine } from "../engine.ts";
import { assertHostPortsFree } from "./host-ports.ts";

/** Throws Problem NAME_TAKEN, PORT_TAKEN, or why the image cannot be used; then nothing has changed. */
export function createIsc(engine: Engine, name: Name, image: Digest): Promise<IscRecord> {
  return engine.locks.run("*", async () => {
    engine.iscs.assertFree(name);
    const manifest = await engine.images.open(image);
    const exposures = manifest.posture.network.expose;
    assertHostPortsFree(engine, { isc: name }, exposures);
    const [slot = 0] = engine.iscs.freeSlots(1);
    const record = newRecord(engine, { name, image, slot, exposures });
    await engine.iscs.add([record]);
    return record;
  });
}

export interface CloneRequest {
  readonly source: Name;
  /** One name for each clone. */
  readonly names: readonly Name[];
  /** A snapshot's image; the source's own when absent. */
  readonly image?: Digest | undefined;
}

/** Clones have an identity of their own and no host ports: those stay with the source. Throws Problem NAME_TAKEN or HOST_INCAPABLE. */
export function cloneRecords(engine: Engine, { source, names, image: wanted }: CloneRequest): Promise<readonly IscRecord[]> {
  return engine.locks.run("*", async () => {
    const image = wanted ?? engine.iscs.get(source).image;
    for (const name of names) engine.iscs.assertFree(name);
    await engine.images.open(image);
    const slots = engine.iscs.freeSlots(names.length);
    const records = names.map((name, index) => ({
      ...newRecord(engine, { name, image, slot: slots[index] ?? 0, exposures: [] }),
      clonedFrom: source,
    }));
    await engine.iscs.add(records);
    return records;
  });
}

/** DST for one clone; DST1, DST2, … for several. Throws Problem NAME_INVALID when a number makes the name too long. */
export function cloneNames(name: Name, count: number | undefined): readonly Name[] {
  if (count === undefined) return [name];
  const last = `${name}${count}`;
  if (last.length > 32) throw new Problem("NAME_INVALID", `cannot name ${count} clones after ${name}: ${last} has more than 32 characters`);
  return Array.from({ length: count }, (_, index) => `${name}${index + 1}` as Name);
}

export interface NewMember extends Membership {
  readonly name: Name;
  readonly image: Digest | undefined;
  readonly networks: readonly NetworkRange[];
}

/** ISCs of a stack: what it says of host ports holds, not what their blueprints say. Throws Problem NAME_TAKEN; then nothing has changed. */
export function createMembers(engine: Engine, members: readonly NewMember[]): Promise<void> {
  return engine.locks.run("*", async () => {
    for (const { name } of members) engine.iscs.assertFree(name);
    for (const { name, image, networks, stack, member, number } of members) {
      if (image === undefined) continue;
      const [slot = 0] = engine.iscs.freeSlots(1, networks);
      await engine.iscs.add([{ ...newRecord(engine, { name, image, slot, exposures: [] }), stack: { stack, member, number }, networks }]);
    }
  });
}

interface Fresh {
  readonly name: Name;
  readonly image: Digest;
  readonly slot: number;
  readonly exposures: readonly Exposure[];
}

function newRecord(engine: Engine, fresh: Fresh): IscRecord {
  return {
    version: 1,
    ...fresh,
    machineId: randomBytes(16).toString("hex"),
    desired: "stopped",
    createdAtMs: engine.host.now(),
    generation: 0,
  };
}
