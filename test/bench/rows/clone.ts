/** Clones: what one costs in time and on the disk, and how long a list of many takes. */
import { lstatSync, readdirSync } from "node:fs";
import path from "node:path";
import { type Bench, timeMs } from "../bench.ts";
import { nameOf } from "../iscadm-contender.ts";

const clone = { id: "clone", title: "clone, each of many", unit: "ms" } as const;
const bytes = { id: "clone-bytes", title: "disk space of one clone", unit: "bytes" } as const;
const listing = { id: "clone-list", title: "list of all clones", unit: "ms" } as const;
const who = "iscadm";
/** The dock's own limit of names in one request is far above this. */
const namesPerCall = 200;

export async function measureClone(bench: Bench): Promise<void> {
  const { iscadm, measurements, options } = bench;
  const [count, rounds] = options.small ? [20, 2] : [100, 10];
  const names: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const prefix = `c${round}x`;
    const took = await timeMs(() => iscadm.client.call("clone", { source: nameOf(0), name: prefix, count }));
    measurements.add(clone, who, took / count);
    names.push(...Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`));
  }
  for (const name of names.slice(0, 10)) measurements.add(bytes, who, diskBytes(path.join(iscadm.layout.iscs, name)));
  for (let round = 0; round < options.rounds; round++)
    measurements.add({ ...listing, title: `list of ${names.length} clones` }, who, await timeMs(() => iscadm.list()));
  for (let first = 0; first < names.length; first += namesPerCall) {
    await iscadm.client.call("destroy", { names: names.slice(first, first + namesPerCall) });
  }
}

/** Blocks in use by a folder and everything in it. */
function diskBytes(place: string): number {
  const status = lstatSync(place);
  const inside = status.isDirectory() ? readdirSync(place).map((name) => diskBytes(path.join(place, name))) : [];
  return inside.reduce((sum, size) => sum + size, status.blocks * 512);
}
