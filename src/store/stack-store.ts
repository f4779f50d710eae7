/** The records of all stacks: read once, kept in memory, written through to stacks/NAME.json before anything is done about them. */
import { z } from "zod";
import { closest } from "../base/edit-distance.ts";
import { Problem } from "../base/problem.ts";
import { reasonOf } from "../base/reason-of.ts";
import type { Files } from "../host/host.ts";
import type { Layout } from "../model/layout.ts";
import { isName, type Name } from "../model/name.ts";
import { StackRecord } from "../model/stack.ts";

export class StackStore {
  readonly #files: Files;
  readonly #layout: Layout;
  readonly #records = new Map<Name, StackRecord>();
  readonly #damaged = new Map<Name, string>();

  constructor(files: Files, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /** Reads every record. A damaged one is set aside, and every command on it says why; its ISCs stay closed. */
  async load(): Promise<void> {
    for (const entry of await this.#files.findList(this.#layout.stacks)) {
      const name = entry.replace(/\.json$/, "");
      if (!isName(name) || entry === name) continue;
      const answer = parseRecord((await this.#files.findText(this.#layout.stack(name))) ?? "");
      if (typeof answer === "string") this.#damaged.set(name, answer);
      else this.#records.set(name, answer);
    }
  }

  list(): readonly StackRecord[] {
    return [...this.#records.values()];
  }

  find(name: Name): StackRecord | undefined {
    return this.#records.get(name);
  }

  /** @throws Problem STACK_UNKNOWN or STATE_DAMAGED */
  get(name: Name): StackRecord {
    this.assertWhole(name);
    const record = this.#records.get(name);
    if (record) return record;
    const near = closest(name, [...this.#records.keys()]);
    throw new Problem("STACK_UNKNOWN", `there is no stack named ${name}`, {
      hint: near === undefined ? "iscadm stacks shows all of them" : `did you mean ${near}?`,
    });
  }

  /** @throws Problem STATE_DAMAGED */
  assertWhole(name: Name): void {
    const damage = this.#damaged.get(name);
    if (damage === undefined) return;
    throw new Problem("STATE_DAMAGED", `cannot use stack ${name}: its state file ${this.#layout.stack(name)} is damaged: ${damage}`, {
      hint: "put the file back from a backup and restart the dock, or remove it by hand",
    });
  }

  async save(record: StackRecord): Promise<StackRecord> {
    await this.#files.writeAtomic(this.#layout.stack(record.name), `${JSON.stringify(record, undefined, 2)}\n`);
    this.#records.set(record.name, record);
    return record;
  }

  async remove(name: Name): Promise<void> {
    await this.#files.remove(this.#layout.stack(name));
    this.#records.delete(name);
  }
}

/** The record, or why the text is none. */
function parseRecord(text: string): StackRecord | string {
  try {
    const parsed = StackRecord.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : z.prettifyError(parsed.error).replaceAll("\n", " ");
  } catch (error) {
    return reasonOf(error);
  }
}
