/** One run: make everything that competes, measure the rows asked for, and leave nothing behind. */
import { cpSync } from "node:fs";
import { reasonOf } from "../../src/base/reason-of.ts";
import type { Area } from "./area.ts";
import { startBareNginx } from "./bare-nginx.ts";
import type { Bench } from "./bench.ts";
import type { Contender } from "./contender.ts";
import { CrunContender } from "./crun-contender.ts";
import { IscadmContender } from "./iscadm-contender.ts";
import { launchDocker, launchPodman } from "./launch-engines.ts";
import { Machine } from "./machine.ts";
import { type ContenderName, Measurements } from "./measurements.ts";
import type { BenchOptions, RivalName, RowName } from "./options.ts";
import { measureAudit } from "./rows/audit.ts";
import { measureBuild } from "./rows/build.ts";
import { measureClone } from "./rows/clone.ts";
import { measureCrowd } from "./rows/crowd.ts";
import { measureExecGate } from "./rows/exec-gate.ts";
import { measureFlows } from "./rows/flows.ts";
import { measureHeal } from "./rows/heal.ts";
import { measureLedger } from "./rows/ledger.ts";
import { measureNeighbours } from "./rows/neighbours.ts";
import { measureReset } from "./rows/reset.ts";
import { measureRotation } from "./rows/rotation.ts";
import { measureStack } from "./rows/stack.ts";
import { measureStart } from "./rows/start.ts";
import { measureTraffic } from "./rows/traffic.ts";
import { measureVerify } from "./rows/verify.ts";
import { mountSealedRoot, packSealedRoot, type SealedRoot } from "./sealed-root.ts";
import { waitForAnswer } from "./wait-for-answer.ts";

/** Rows in which other engines take part. */
const races: readonly RowName[] = ["start", "reset", "memory", "daily", "traffic"];

export interface BenchRun {
  readonly measurements: Measurements;
  /** Rows that could not be measured, with the reason. */
  readonly failures: readonly string[];
}

export async function runBench(area: Area, options: BenchOptions, say: (line: string) => void): Promise<BenchRun> {
  const folder = area.directory("web");
  cpSync(new URL("web/", import.meta.url), folder, { recursive: true });
  const blueprint = `${folder}/web.yaml`;
  say("a dock starts and seals nginx");
  const cache = options.cache ?? area.directory("cache");
  const iscadm = await IscadmContender.launch({
    area,
    machine: await Machine.make(area, { number: 0, privateNull: false }),
    cache,
    blueprint,
  });
  await iscadm.prepare(0);
  const root = await mountSealedRoot(area, iscadm);
  const base = { area, options, measurements: new Measurements(), iscadm, root, say };
  const rivals = options.only.some((row) => races.includes(row)) ? await makeRivals(base) : { contenders: [], absent: [] };
  const bare = options.only.includes("traffic") ? await startBareNginx(area, 4, root) : undefined;
  const bench: Bench = { ...base, contenders: [...rivals.contenders, iscadm], absent: rivals.absent, bare };
  const failures: string[] = [];
  for (const [row, measure] of listRows(bench, blueprint)) {
    area.assertOpen();
    say(`measuring ${row}`);
    // One row that fails does not take the others with it.
    await measure().catch((error: unknown) => failures.push(`${row}: ${reasonOf(error)}`));
  }
  return { measurements: bench.measurements, failures };
}

function listRows(bench: Bench, blueprint: string): readonly (readonly [string, () => Promise<void>])[] {
  const [memory, daily] = (["memory", "daily"] as const).map((row) => bench.options.only.includes(row));
  const rows: Readonly<Record<RowName, () => Promise<void>>> = {
    start: () => measureStart(bench),
    reset: () => measureReset(bench),
    heal: () => measureHeal(bench),
    clone: () => measureClone(bench),
    verify: () => measureVerify(bench),
    traffic: () => measureTraffic(bench),
    audit: () => measureAudit(bench),
    rotation: () => measureRotation(bench),
    memory: () => measureCrowd(bench, { memory: true, daily: daily === true }),
    // Measured with the same crowd as memory.
    daily: () => (memory ? Promise.resolve() : measureCrowd(bench, { memory: false, daily: true })),
    ledger: () => measureLedger(bench),
    "exec-gate": () => measureExecGate(bench),
    flows: () => measureFlows(bench, blueprint),
    neighbours: () => measureNeighbours(bench, blueprint),
    stack: () => measureStack(bench),
    build: () => measureBuild(bench, blueprint),
  };
  return Object.entries(rows).filter(([row]) => bench.options.only.some((wanted) => wanted === row));
}

type Base = Omit<Bench, "contenders" | "absent" | "bare">;

async function makeRivals(base: Base): Promise<Pick<Bench, "contenders" | "absent">> {
  const { area, root, iscadm, say } = base;
  const archive = await packSealedRoot(area, root);
  const launch = { area, manifest: root.manifest, archive };
  const makers: Readonly<Record<RivalName, readonly [ContenderName, () => Promise<Contender>]>> = {
    crun: ["raw crun", () => makeCrun(area, root, iscadm)],
    podman: ["podman", () => launchPodman({ ...launch, number: 2 })],
    docker: ["docker", () => launchDocker({ ...launch, number: 3 })],
  };
  const [contenders, absent]: [Contender[], Bench["absent"][number][]] = [[], []];
  for (const [name, make] of base.options.against.map((rival) => makers[rival])) {
    say(`${name} is made ready`);
    try {
      contenders.push(await make());
    } catch (error) {
      const reason = reasonOf(error);
      say(`${name} cannot run here: ${reason}`);
      absent.push({ name, reason });
    }
  }
  return { contenders, absent };
}

/** crun's configuration is the one of a running ISC. */
async function makeCrun(area: Area, root: SealedRoot, iscadm: IscadmContender): Promise<Contender> {
  await iscadm.start(0);
  await waitForAnswer(iscadm.endpoint(0));
  try {
    return await CrunContender.make({ area, number: 1, root, iscadm });
  } finally {
    await iscadm.stop(0);
  }
}
