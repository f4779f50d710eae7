/** One run: makes the targets, tries everything asked for, and holds the dock against its own promises at the end. */
import type { Area } from "../bench/area.ts";
import { IscadmContender } from "../bench/iscadm-contender.ts";
import { launchDocker, launchPodman } from "../bench/launch-engines.ts";
import { Machine } from "../bench/machine.ts";
import { mountSealedRoot, packSealedRoot } from "../bench/sealed-root.ts";
import { attack, tryOnce } from "./attack.ts";
import { writeBlueprint } from "./blueprint.ts";
import { ControlTarget } from "./control-target.ts";
import { EngineTarget } from "./engine-target.ts";
import { IscTarget } from "./isc-target.ts";
import type { AttackOptions, Rival } from "./options.ts";
import type { Report, Result } from "./report.ts";
import type { Target } from "./target.ts";
import { type Attempt, listAttempts } from "./technique.ts";
import { techniques } from "./techniques.ts";
import { World } from "./world.ts";

export interface Traced {
  readonly traces: Traces;
}

export type Say = (line: string) => void;

/** By which its leftovers are known, once everything is taken down. */
export interface Traces {
  readonly tag: string;
  readonly base: string;
}

export interface Dock {
  readonly traces: Traces;
  readonly iscadm: IscadmContender;
  readonly world: World;
  /** Digests. */
  readonly images: Readonly<Record<"victim" | "mistake", string>>;
}

/** A dock in a machine of its own, with both images sealed. */
export async function makeDock(area: Area, cache: string | undefined): Promise<Dock> {
  const machine = await Machine.make(area, { number: 0, privateNull: false });
  const world = await World.make(area, machine);
  const blueprints = { victim: writeBlueprint(area, "victim", world.outside), mistake: writeBlueprint(area, "mistake", world.outside) };
  const folder = cache ?? area.directory("cache");
  const iscadm = await IscadmContender.launch({ area, machine, cache: folder, blueprint: blueprints.victim });
  let mistake = "";
  await iscadm.withArchive(async () => {
    mistake = (await iscadm.client.call("build", { blueprint: blueprints.mistake })).digest;
  });
  const { network, tag } = await iscadm.client.call("dock-status", {});
  await world.routeBack(network);
  return { traces: { tag, base: area.path }, iscadm, world, images: { victim: iscadm.image, mistake } };
}

export async function runAttack(area: Area, options: AttackOptions, say: Say): Promise<Report & Traced> {
  const attempts = chooseAttempts(options.only);
  say("a dock starts and seals the victims");
  const dock = await makeDock(area, options.cache);
  const isc = new IscTarget(dock.iscadm, dock.world);
  await isc.start(dock.images);
  const root = await mountSealedRoot(area, dock.iscadm);
  const archive = await packSealedRoot(area, root);
  const machine = await Machine.make(area, { number: 1 });
  const control = await ControlTarget.make(area, await World.make(area, machine, [`tcp:${machine.address}:80`]), archive);
  const targets: Target[] = [isc];
  const absent: Report["absent"][number][] = [];
  for (const rival of options.against) {
    say(`${rival} is made ready`);
    const made = await makeEngine(area, rival, { manifest: root.manifest, archive }).catch((error: unknown) => wordsOf(error));
    if (typeof made === "string") absent.push({ name: rival, reason: made });
    else targets.push(made);
  }
  const results = await tryAll({ area, attempts, targets, control, say });
  return { targets: targets.map(({ name }) => name), results, absent, faults: await checkDock(dock), traces: dock.traces };
}

function chooseAttempts(only: readonly string[]): readonly Attempt[] {
  return listAttempts(techniques).filter(
    ({ id, family, technique }) => only.length === 0 || [id, family, technique.id].some((word) => only.includes(word)),
  );
}

type Image = Pick<Parameters<typeof launchPodman>[0], "manifest" | "archive">;

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
  readonly targets: readonly Target[];
  readonly control: Target;
  readonly say: Say;
}

async function tryAll({ area, attempts, targets, control, say }: Trial): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const attempt of attempts) {
    area.assertOpen();
    const { control: who } = attempt.technique;
    const shown = typeof who === "object" ? undefined : await tryOnce({ ...attempt, role: who === "user" ? "service" : "root" }, control);
    for (const target of targets) results.push({ attempt, target: target.name, ...(await attack(attempt, target, shown)) });
    const verdicts = results.slice(-targets.length).map(({ target, outcome }) => `${target} ${outcome.verdict}`);
    say(`${attempt.id}: ${verdicts.join(", ")}`);
  }
  return results;
}

/** After all of that the dock itself must be whole. */
async function checkDock({ iscadm: { client } }: Dock): Promise<readonly string[]> {
  const { findings } = await client.call("verify", { full: true });
  const { faults } = await client.call("ledger-verify", {});
  return [
    ...findings.filter(({ verdict }) => verdict === "FAIL").map(({ isc, row, evidence }) => `${isc} ${row}: ${evidence}`),
    ...faults.map(({ segment, line, what }) => `ledger ${segment}:${line}: ${what}`),
  ];
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
