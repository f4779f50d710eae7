/** One run: makes the targets, tries everything asked for, and holds the docks against their own promises at the end. */
import { reasonOf } from "../../src/base/reason-of.ts";
import type { Area } from "../bench/area.ts";
import { launchDocker, launchPodman } from "../bench/launch-engines.ts";
import { Machine } from "../bench/machine.ts";
import { mountSealedRoot, packSealedRoot } from "../bench/sealed-root.ts";
import { attack, tryOnce } from "./attack.ts";
import { ControlTarget } from "./control-target.ts";
import { checkDock, type Dock, makeHostDock, makeSecludedDock, readEvents, type Traces } from "./docks.ts";
import { EngineTarget } from "./engine-target.ts";
import { IscTarget } from "./isc-target.ts";
import type { AttackOptions, Rival } from "./options.ts";
import type { Report, Result } from "./report.ts";
import { countEvents } from "./soak-report.ts";
import type { Target } from "./target.ts";
import { type Attempt, listAttempts } from "./technique.ts";
import { techniques } from "./techniques.ts";
import { World } from "./world.ts";

export type Say = (line: string) => void;

export interface Traced {
  readonly traces: readonly Traces[];
}

/** Which of an engine's targets an attempt is made on. */
type Choose = (attempt: Attempt) => Target;

export async function runAttack(area: Area, options: AttackOptions, say: Say): Promise<Report & Traced> {
  const attempts = chooseAttempts(options.only);
  say("two docks start and seal the victims");
  const secluded = await makeSecludedDock(area, options.cache);
  const network = await startIscs(secluded);
  // Only now: it looks for host uids that nobody uses.
  const host = await makeHostDock(area, options.cache);
  const other = await startIscs(host);
  const docks = [secluded, host];
  const root = await mountSealedRoot(area, secluded.iscadm);
  const image = { manifest: root.manifest, archive: await packSealedRoot(area, root) };
  const { engines, absent } = await makeEngines(area, { rivals: options.against, image, say });
  const targets: Choose[] = [({ family }) => (family === "network" ? network : other), ...engines.map((engine) => () => engine)];
  const results = await tryAll({ area, attempts, targets, control: await makeControl(area, image.archive), say });
  return {
    targets: ["iscadm", ...engines.map(({ name }) => name)],
    results,
    absent,
    faults: (await Promise.all(docks.map(checkDock))).flat(),
    kinds: countEvents((await Promise.all(docks.map((dock) => readEvents(dock)))).flat()).byKind,
    traces: docks.map(({ traces }) => traces),
  };
}

async function startIscs(dock: Dock): Promise<IscTarget> {
  const target = new IscTarget(dock, dock.world);
  await target.start(dock.images);
  return target;
}

async function makeControl(area: Area, archive: string): Promise<Target> {
  const machine = await Machine.make(area, { number: 1 });
  return await ControlTarget.make(area, await World.make(area, machine, [`tcp:${machine.address}:80`]), archive);
}

function chooseAttempts(only: readonly string[]): readonly Attempt[] {
  return listAttempts(techniques).filter(
    ({ id, family, technique }) => only.length === 0 || [id, family, technique.id].some((word) => only.includes(word)),
  );
}

type Image = Pick<Parameters<typeof launchPodman>[0], "manifest" | "archive">;

interface Rivals {
  readonly rivals: readonly Rival[];
  readonly image: Image;
  readonly say: Say;
}

async function makeEngines(area: Area, { rivals, image, say }: Rivals) {
  const engines: EngineTarget[] = [];
  const absent: Report["absent"][number][] = [];
  for (const name of rivals) {
    say(`${name} is made ready`);
    const made = await makeEngine(area, name, image).catch((error: unknown) => reasonOf(error));
    if (typeof made === "string") absent.push({ name, reason: made });
    else engines.push(made);
  }
  return { engines, absent };
}

async function makeEngine(area: Area, rival: Rival, image: Image): Promise<EngineTarget> {
  const number = { podman: 2, docker: 3 }[rival];
  const engine = await { podman: launchPodman, docker: launchDocker }[rival]({ area, number, ...image });
  const target = new EngineTarget(engine, await World.make(area, engine.machine), image.manifest.init.command);
  await target.start();
  return target;
}

interface Trial {
  readonly area: Area;
  readonly attempts: readonly Attempt[];
  readonly targets: readonly Choose[];
  readonly control: Target;
  readonly say: Say;
}

async function tryAll({ area, attempts, targets, control, say }: Trial): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const attempt of attempts) {
    area.assertOpen();
    const { control: who } = attempt.technique;
    const shown = typeof who === "object" ? undefined : await tryOnce({ ...attempt, role: who === "user" ? "service" : "root" }, control);
    const made: Result[] = [];
    for (const target of targets.map((choose) => choose(attempt))) {
      made.push({ attempt, target: target.name, ...(await attack(attempt, target, shown)) });
    }
    say(`${attempt.id}: ${made.map(({ target, outcome }) => `${target} ${outcome.verdict}`).join(", ")}`);
    results.push(...made);
  }
  return results;
}
