/** The pressure sensor: one pass over all running ISCs every few seconds, and an event whenever one comes under pressure or out of it. */
import type { Severity } from "../../model/event.ts";
import type { Name } from "../../model/name.ts";
import { advancePressure, calm, type Pressure, type PressureSample, type PressureState } from "../../plan/watch/pressure.ts";
import type { Engine } from "../engine.ts";
import { type PressurePlaces, pressurePlaces, samplePressure } from "./pressure-sample.ts";
import type { Watched } from "./watcher.ts";

const everyMs = 3_000;

interface Followed {
  readonly watched: Watched;
  readonly places: PressurePlaces;
  state: PressureState;
}

export async function startPressure(engine: Engine): Promise<AsyncDisposable> {
  const followed = new Map<Name, Followed>();
  engine.watchers.add({
    name: "pressure",
    onStarted: async (watched) => {
      const { name } = watched.record;
      const one: Followed = { watched, places: pressurePlaces(engine, name), state: calm };
      // What was counted before is not news: a dock that takes over an ISC begins here.
      one.state = advancePressure(calm, { ...(await sample(engine, one)), scratch: undefined }).state;
      followed.set(name, one);
    },
    onStopped: (name) => void followed.delete(name),
  });
  let pass = Promise.resolve();
  const timer = setInterval(() => {
    pass = pass.then(() => lookAtAll(engine, followed));
  }, everyMs).unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await pass;
    },
  };
}

async function lookAtAll(engine: Engine, followed: ReadonlyMap<Name, Followed>): Promise<void> {
  for (const [name, one] of [...followed]) {
    const step = advancePressure(one.state, await sample(engine, one));
    if (followed.get(name) !== one) continue;
    one.state = step.state;
    if (step.oomKills > 0) tellKills(engine, one.watched, step.oomKills);
    for (const { pressure, high } of step.changes) tellChange(engine, one, pressure, high);
    if (step.changes.length > 0) engine.conditions.setPressures(name, step.state.high);
  }
}

function sample(engine: Engine, { places, watched, state }: Followed): Promise<PressureSample> {
  return samplePressure(engine, places, watched.manifest.posture.limits, state.sample?.memory?.hits ?? 0);
}

function tellKills(engine: Engine, watched: Watched, count: number): void {
  const { memoryBytes } = watched.manifest.posture.limits;
  const message = `the kernel killed ${count === 1 ? "a process" : `${count} processes`} for lack of memory`;
  tell(engine, watched, { kind: "pressure.oom", severity: "warning", message, facts: { killed: count, limitBytes: memoryBytes } });
}

const sentences: Readonly<Record<Pressure, readonly [high: string, normal: string]>> = {
  memory: ["its memory is used up", "it has memory again"],
  cpu: ["it wants more processor time than its limit", "its processor time suffices again"],
  io: ["it waits for the disk most of the time", "it no longer waits for the disk"],
  processes: ["it wants more processes than its limit", "it has room for processes again"],
  scratch: ["its scratch is full", "its scratch has room again"],
};

function tellChange(engine: Engine, { watched, state }: Followed, pressure: Pressure, high: boolean): void {
  const [highWords, normalWords] = sentences[pressure];
  const facts = { state: high ? "high" : "normal", ...factsOf(pressure, state.sample) };
  tell(engine, watched, {
    kind: `pressure.${pressure}`,
    severity: high ? "warning" : "info",
    message: high ? highWords : normalWords,
    facts,
  });
}

function factsOf(pressure: Pressure, sample: PressureSample | undefined): Readonly<Record<string, number>> {
  const figures: Readonly<Record<Pressure, Readonly<Record<string, number | undefined>> | undefined>> = {
    memory: { ...sample?.memory, stalledPercent: sample?.stalled?.memory },
    cpu: { ...sample?.cpu, stalledPercent: sample?.stalled?.cpu },
    io: { stalledPercent: sample?.stalled?.io },
    processes: sample?.processes,
    scratch: sample?.scratch,
  };
  return Object.fromEntries(Object.entries(figures[pressure] ?? {}).filter((entry): entry is [string, number] => entry[1] !== undefined));
}

interface Telling {
  readonly kind: string;
  readonly severity: Severity;
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

function tell(engine: Engine, { record }: Watched, telling: Telling): void {
  engine.events.emit({ sensor: "pressure", isc: record.name, image: record.image, ...telling });
}
