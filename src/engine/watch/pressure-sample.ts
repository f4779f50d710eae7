/** One look at what an ISC's cgroups and scratch say of pressure: a few small files, and statfs(2). See cgroup-v2.rst and cgroup-v1/memory.rst. */
import type { Limits } from "../../model/blueprint.ts";
import type { Name } from "../../model/name.ts";
import { findCount, findStall, type PressureSample } from "../../plan/watch/pressure.ts";
import type { Engine } from "../engine.ts";
import { cgroupPath } from "../parts/cgroup.ts";

/** Where an ISC's figures lie; worked out once. */
export interface PressurePlaces {
  readonly memory: Place | undefined;
  readonly cpu: Place | undefined;
  readonly pids: Place | undefined;
  readonly scratch: string;
}

interface Place {
  readonly directory: string;
  readonly version: 1 | 2;
}

export function pressurePlaces(engine: Engine, name: Name): PressurePlaces {
  const path = cgroupPath(engine, name);
  const place = (controller: string): Place | undefined => {
    const hierarchy = engine.hierarchies.find(({ version, controllers }) => version === 2 || controllers.includes(controller));
    return hierarchy && { directory: `${hierarchy.mountPoint}${path}`, version: hierarchy.version };
  };
  return { memory: place("memory"), cpu: place("cpu"), pids: place("pids"), scratch: engine.layout.live.placesMount(name) };
}

/** @param hitsBefore how often the memory limit had been met at the last look: only then is it worth asking what is used */
export async function samplePressure(engine: Engine, places: PressurePlaces, limits: Limits, hitsBefore: number): Promise<PressureSample> {
  const read = (place: Place | undefined, file: string) => place && engine.host.files.findTextNow(`${place.directory}/${file}`);
  const stalled = readStalls(places, read);
  return {
    oomKills: findCount(read(places.memory, places.memory?.version === 1 ? "memory.oom_control" : "memory.events"), "oom_kill"),
    memory: readMemory(places, limits, hitsBefore, read),
    cpu: readCpu(read(places.cpu, "cpu.stat")),
    processes: readProcesses(places, limits, read),
    scratch: await readScratch(engine, places.scratch),
    ...(stalled && { stalled }),
  };
}

type Read = (place: Place | undefined, file: string) => string | undefined;

function readMemory({ memory }: PressurePlaces, { memoryBytes }: Limits, hitsBefore: number, read: Read): PressureSample["memory"] {
  const old = memory?.version === 1;
  const hits = old ? toCount(read(memory, "memory.failcnt")) : findCount(read(memory, "memory.events"), "max");
  if (hits === undefined) return undefined;
  if (hits <= hitsBefore) return { hits };
  const used = toCount(read(memory, old ? "memory.usage_in_bytes" : "memory.current"));
  const droppable = findCount(read(memory, "memory.stat"), old ? "total_inactive_file" : "inactive_file") ?? 0;
  return used === undefined ? { hits } : { hits, usedBytes: used - droppable, limitBytes: memoryBytes };
}

function readCpu(text: string | undefined): PressureSample["cpu"] {
  const [periods, throttled] = [findCount(text, "nr_periods"), findCount(text, "nr_throttled")];
  return periods === undefined || throttled === undefined ? undefined : { periods, throttled };
}

function readProcesses({ pids }: PressurePlaces, { processes }: Limits, read: Read): PressureSample["processes"] {
  const refused = findCount(read(pids, "pids.events"), "max");
  const current = toCount(read(pids, "pids.current"));
  return refused === undefined || current === undefined ? undefined : { refused, current, limit: processes };
}

/** Only v2 has it for each cgroup, and only where the kernel keeps it. */
function readStalls({ memory }: PressurePlaces, read: Read): PressureSample["stalled"] {
  if (memory?.version !== 2) return undefined;
  return {
    memory: findStall(read(memory, "memory.pressure")),
    cpu: findStall(read(memory, "cpu.pressure")),
    io: findStall(read(memory, "io.pressure")),
  };
}

async function readScratch(engine: Engine, directory: string): Promise<PressureSample["scratch"]> {
  try {
    const { freeBytes, totalBytes } = await engine.host.files.statFileSystem(directory);
    return { usedBytes: totalBytes - freeBytes, totalBytes };
  } catch {
    // It is being taken away.
    return undefined;
  }
}

function toCount(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text.trim());
}
