/** The records of all ISCs: read once, kept in memory, written through to isc.json before anything is done about them. */
import assert from "node:assert/strict";
import { z } from "zod";
import { closest } from "../base/edit-distance.ts";
import { Problem } from "../base/problem.ts";
import { reasonOf } from "../base/reason-of.ts";
import type { Files } from "../host/host.ts";
import { slotsPerDock } from "../model/identity.ts";
import { serviceOf } from "../model/instance.ts";
import { type Instance, IscRecord, instancesOf } from "../model/isc.ts";
import type { Layout } from "../model/layout.ts";
import { isName, type Name } from "../model/name.ts";
import type { NetworkRange } from "../model/stack.ts";
import { placeOfSlot } from "../model/stack-address.ts";

export interface DamagedRecord {
  readonly name: string;
  readonly reason: string;
}

export class IscStore {
  readonly #files: Files;
  readonly #layout: Layout;
  readonly #records = new Map<Name, IscRecord>();
  readonly #damaged = new Map<string, DamagedRecord>();

  constructor(files: Files, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /** Reads every record. A damaged one is set aside, its name stays taken, and every command on it says why. */
  async load(): Promise<void> {
    for (const entry of await this.#files.findList(this.#layout.iscs)) {
      if (!isName(entry)) continue;
      const text = await this.#files.findText(this.#layout.isc.record(entry));
      // A directory without a record is what a broken-off create or destroy leaves behind.
      if (text === undefined) await this.#files.remove(this.#layout.isc.directory(entry));
      else this.#take(entry, text);
    }
  }

  #take(name: Name, text: string): void {
    const answer = parseRecord(text);
    if (typeof answer !== "string" && answer.name === name) this.#records.set(name, answer);
    else this.#damaged.set(name, { name, reason: typeof answer === "string" ? answer : `it is the record of ${answer.name}` });
  }

  list(): readonly IscRecord[] {
    return [...this.#records.values()];
  }

  get damaged(): readonly DamagedRecord[] {
    return [...this.#damaged.values()];
  }

  /** @param name of an ISC, or of one of its instances (model/instance.ts): then the record with that instance's slot, image and name */
  find(name: Name): IscRecord | undefined {
    const record = this.#records.get(serviceOf(name));
    return record && (name === record.name ? record : findInstance(record, name));
  }

  /** @throws Problem ISC_UNKNOWN or STATE_DAMAGED */
  get(name: Name): IscRecord {
    const record = this.find(name);
    if (record) return record;
    const damaged = this.#damaged.get(name);
    if (damaged) {
      throw new Problem(
        "STATE_DAMAGED",
        `cannot use ${name}: its state file ${this.#layout.isc.record(name)} is damaged: ${damaged.reason}`,
        {
          hint: "put the file back from a backup and restart the dock, or remove its directory by hand",
        },
      );
    }
    const near = closest(name, [...this.#records.keys()]);
    throw new Problem("ISC_UNKNOWN", `there is no ISC named ${name}`, {
      hint: near === undefined ? "iscadm ls shows all of them" : `did you mean ${near}?`,
    });
  }

  /** @throws Problem NAME_TAKEN */
  assertFree(name: Name): void {
    if (this.#records.has(name) || this.#damaged.has(name)) {
      throw new Problem("NAME_TAKEN", `cannot create ${name}: there is an ISC of that name`, {
        hint: "choose another name, or destroy it first",
      });
    }
  }

  /**
   * The smallest free slots.
   * @param networks on which their addresses must be free, too
   * @throws Problem HOST_INCAPABLE when the dock, or a network, has no room for that many
   */
  freeSlots(count: number, networks: readonly NetworkRange[] = []): readonly number[] {
    const instances = this.list().flatMap(instancesOf);
    const taken = new Set(instances.map(({ slot }) => slot));
    const places = networks.map((range) => ({ range, taken: placesOn(range, instances) }));
    const free: number[] = [];
    for (let slot = 1; slot <= slotsPerDock && free.length < count; slot++) {
      if (taken.has(slot) || places.some((place) => place.taken.has(placeOfSlot(place.range, slot)))) continue;
      free.push(slot);
      for (const place of places) place.taken.add(placeOfSlot(place.range, slot));
    }
    if (free.length < count) {
      throw new Problem("HOST_INCAPABLE", `cannot create ${count} more: a dock holds ${slotsPerDock} ISCs and has room for ${free.length}`);
    }
    return free;
  }

  /** Whether an ISC's own address on each of these networks is nobody else's. */
  fits({ name, slot }: Pick<IscRecord, "name" | "slot">, networks: readonly NetworkRange[]): boolean {
    const others = this.list()
      .filter((record) => record.name !== name)
      .flatMap(instancesOf);
    return networks.every((range) => !placesOn(range, others).has(placeOfSlot(range, slot)));
  }

  /** Adds new records: each directory appears whole, by rename. Of records that cannot all be added none stays. */
  async add(records: readonly IscRecord[]): Promise<void> {
    for (const record of records) this.assertFree(record.name);
    const added: Name[] = [];
    try {
      for (const record of records) {
        await this.#addOne(record);
        added.push(record.name);
      }
    } catch (error) {
      for (const name of added) await this.remove(name);
      throw error;
    }
    const last = records.at(-1);
    if (last) await this.#files.sync(this.#layout.isc.record(last.name));
  }

  async #addOne(record: IscRecord): Promise<void> {
    const directory = this.#layout.isc.directory(record.name);
    const draft = await this.#files.makeTemporary(this.#layout.temporary, "isc-");
    try {
      await this.#files.write(`${draft}/isc.json`, renderRecord(record));
      await this.#files.remove(directory);
      await this.#files.rename(draft, directory);
    } catch (error) {
      await this.#files.remove(draft);
      throw error;
    }
    this.#records.set(record.name, record);
  }

  async update(name: Name, change: Partial<Omit<IscRecord, "name" | "version">>): Promise<IscRecord> {
    assert(name === serviceOf(name), "a record is that of an ISC, not of one of its instances");
    const record = { ...this.get(name), ...change };
    await this.#files.writeAtomic(this.#layout.isc.record(name), renderRecord(record));
    this.#records.set(name, record);
    return record;
  }

  /** Takes the directory away: the record first, so that what a kill leaves is swept by the next load. */
  async remove(name: Name): Promise<void> {
    await this.#files.remove(this.#layout.isc.record(name));
    await this.#files.remove(this.#layout.isc.directory(name));
    this.#records.delete(name);
  }
}

/** Places of a network's addresses that instances have. */
function placesOn(range: NetworkRange, instances: readonly Instance[]): Set<number> {
  const on = instances.filter(({ networks = [] }) => networks.some(({ subnet }) => subnet === range.subnet));
  return new Set(on.map(({ slot }) => placeOfSlot(range, slot)));
}

/** One that is beside has no host ports. */
function findInstance(record: IscRecord, name: Name): IscRecord | undefined {
  const number = Number(name.slice(record.name.length + 1));
  if ((record.instance ?? 0) === number) return { ...record, name };
  const beside = record.beside?.find(({ instance }) => instance === number);
  if (!beside) return undefined;
  const { instance, image, slot, machineId, networks } = beside;
  return { ...record, name, instance, image, slot, machineId, networks, exposures: [], beside: [] };
}

function renderRecord(record: IscRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** The record, or why the text is none. */
function parseRecord(text: string): IscRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return reasonOf(error);
  }
  const parsed = IscRecord.safeParse(value);
  return parsed.success ? parsed.data : z.prettifyError(parsed.error).replaceAll("\n", " ");
}
