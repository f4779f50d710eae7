/** Instances beside the one that has the ISC's name: as records, and how they are taken away. */
import type { Beside } from "../../model/instance.ts";
import { serviceOf } from "../../model/instance.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";

/** A record through which every function on an ISC's parts reaches those of an instance beside. It has no host ports. */
export function recordOfBeside(record: IscRecord, { instance, image, slot, machineId, networks }: Beside): IscRecord {
  const name = `${serviceOf(record.name)}.${instance}` as Name;
  return { ...record, name, instance, image, slot, machineId, networks, exposures: [], beside: [] };
}

/** All instances of an ISC: the one that has its name, then those beside. */
export function recordsOf(record: IscRecord): readonly IscRecord[] {
  return [record, ...(record.beside ?? []).map((beside) => recordOfBeside(record, beside))];
}

/** The instance that has the name now, as one beside. */
export function besideOf(record: IscRecord, role: Beside["role"]): Beside {
  const { instance = 0, image, slot, machineId, networks } = record;
  return { role, instance, image, slot, machineId, networks };
}

export function withoutBeside(record: IscRecord, instance: number): readonly Beside[] {
  return (record.beside ?? []).filter((other) => other.instance !== instance);
}
