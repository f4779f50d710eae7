/** The place of one more instance of a running ISC: taken before anything is made for it, and given back when it is not to be. */
import { randomBytes } from "node:crypto";
import { Problem } from "../../base/problem.ts";
import type { Digest } from "../../model/digest.ts";
import type { Manifest } from "../../model/image.ts";
import type { Beside } from "../../model/instance.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { findProcess } from "../parts/process.ts";
import { networksOf } from "../stack/membership.ts";
import { recordOfBeside, withoutBeside } from "./beside.ts";
import { assertFree } from "./quarantine-refusal.ts";
import { removeInstance } from "./stop.ts";

/** Instances that still drain; more would mean that they pile up. */
const mostBeside = 8;

export interface Step {
  readonly name: Name;
  readonly next: Beside;
  readonly manifest: Manifest;
  readonly snapshot: Name | undefined;
}

export interface StepAnswer {
  readonly reachableMs: number;
  readonly gapMs: number;
}

/** A slot, and with it addresses and uid range, for one more instance. */
export function reserve(engine: Engine, name: Name, image: Digest): Promise<Beside> {
  return engine.locks.run("*", () =>
    engine.locks.run(name, async () => {
      const record = engine.iscs.get(name);
      assertRunning(engine, record);
      const beside = record.beside ?? [];
      if (beside.length >= mostBeside) {
        throw new Problem("CLEANSE_FAILED", `cannot replace ${name}: ${beside.length} older instances still have open connections`, {
          hint: "a longer cleanse.every or a shorter cleanse.drain in the blueprint",
        });
      }
      const networks = networksOf(engine, record);
      const [slot = 0] = engine.iscs.freeSlots(1, networks);
      const next: Beside = { role: "next", instance: slot, image, slot, machineId: randomBytes(16).toString("hex"), networks };
      await engine.iscs.update(name, { beside: [...beside, next] });
      return next;
    }),
  );
}

/** Between the reservation and the lock others may have had their turn: a stop, a destroy. Throws Problem ISC_STOPPED. */
export function findReserved(engine: Engine, name: Name, next: Beside): IscRecord {
  const record = engine.iscs.get(name);
  assertRunning(engine, record);
  if (record.beside?.some(({ instance, role }) => instance === next.instance && role === "next")) return record;
  throw new Problem("CLEANSE_FAILED", `cannot replace ${name}: something else was done to it meanwhile`, { hint: "try again" });
}

function assertRunning(engine: Engine, record: IscRecord): void {
  assertFree(record, "replace");
  const { name, desired } = record;
  if (desired === "running" && findProcess(engine, name)) return;
  throw new Problem("ISC_STOPPED", `cannot replace ${name}: it is not running`, { hint: `iscadm start ${name}` });
}

/** Milliseconds since an instance was started. */
export function ageOf(engine: Engine, record: IscRecord): number {
  const live = findProcess(engine, record.name);
  return live ? Math.max(0, engine.host.now() - live.startedAtMs) : 0;
}

/** Takes away what was made for an instance that is not to be. The caller holds the ISC's lock. */
export async function giveUp(engine: Engine, name: Name, next: Beside): Promise<void> {
  const record = engine.iscs.find(name);
  if (!record?.beside?.some(({ instance, role }) => instance === next.instance && role === "next")) return;
  await removeInstance(engine, recordOfBeside(record, next));
  await engine.iscs.update(name, { beside: withoutBeside(record, next.instance) });
}
