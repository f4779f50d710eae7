/** Replacing an instance whose volumes two cannot use at once: the old one ends, then the fresh one starts on its volumes. */
import type { Engine } from "../engine.ts";
import { besideOf, withoutBeside } from "./beside.ts";
import { ageOf, findReserved, type Step, type StepAnswer } from "./reserve.ts";
import { startFresh } from "./start.ts";
import { endProcesses, removeInstance } from "./stop.ts";

/** The caller holds the ISC's lock. A fresh one that does not become well gives the place back to the old one, started anew. */
export async function handOver(engine: Engine, { name, next }: Step): Promise<StepAnswer> {
  const before = findReserved(engine, name, next);
  const reachableMs = ageOf(engine, before);
  const began = engine.host.monotonic();
  await endProcesses(engine, before);
  await removeInstance(engine, before);
  const { instance, slot, machineId, image } = next;
  const lastMs = reachableMs;
  const windows = {
    count: (before.windows?.count ?? 0) + 1,
    lastMs,
    longestMs: Math.max(before.windows?.longestMs ?? 0, lastMs),
  };
  await engine.iscs.update(name, { instance, slot, machineId, image, beside: withoutBeside(before, instance), windows });
  try {
    await startFresh(engine, name);
  } catch (error) {
    const old = besideOf(before, "previous");
    await engine.iscs.update(name, { instance: old.instance, slot: old.slot, machineId: old.machineId, image: old.image });
    await startFresh(engine, name);
    throw error;
  }
  return { reachableMs, gapMs: Math.round(engine.host.monotonic() - began) };
}
