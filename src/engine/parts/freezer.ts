/** Freezing all processes of an instance: they stay as they are, memory and open files included, and run no instruction more. */
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { cgroupPath } from "./cgroup.ts";
import { listBlocked } from "./freezer-blocked.ts";
import { killProcess } from "./kill.ts";

const pollMs = 2;
/** A process in the middle of an uninterruptible call freezes when that ends. */
const patienceMs = 2_000;
/** Freezing again because somebody waited for the exec gate: the first few times nobody is killed for it. */
const patientAttempts = 20;
const mostAttempts = 60;

interface Freezer {
  readonly directory: string;
  readonly control: string;
  readonly frozen: string;
  readonly thawed: string;
}

/** Version 1 has a hierarchy for it, version 2 a file in every cgroup; see Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst. */
function findFreezer(engine: Engine, name: Name): Freezer | undefined {
  const chosen =
    engine.hierarchies.find(({ controllers }) => controllers.includes("freezer")) ??
    engine.hierarchies.find(({ version }) => version === 2);
  if (!chosen) return undefined;
  const directory = `${chosen.mountPoint}${cgroupPath(engine, name)}`;
  const [file, frozen, thawed] = chosen.version === 1 ? ["freezer.state", "FROZEN", "THAWED"] : ["cgroup.freeze", "1", "0"];
  return (
    engine.host.files.findNow(`${directory}/${file}`) && {
      directory,
      control: `${directory}/${file}`,
      frozen: frozen ?? "",
      thawed: thawed ?? "",
    }
  );
}

/**
 * Resolves when nothing of it runs any more; false where the host has no freezer, or where it takes too long. Safe to repeat.
 * Whoever waits for the exec gate's answer is let go to have it, and frozen again; whoever keeps doing so is killed.
 */
export async function freeze(engine: Engine, name: Name): Promise<boolean> {
  const freezer = findFreezer(engine, name);
  if (!freezer) return false;
  const { files } = engine.host;
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    if (!(await freezeOnce(engine, freezer))) return false;
    const blocked = listBlocked(files, freezer.directory);
    if (blocked.length === 0) return true;
    if (attempt >= patientAttempts) for (const pid of blocked) killProcess(engine, pid);
    files.writeNow(freezer.control, freezer.thawed);
    await engine.host.sleep(pollMs + attempt);
  }
  return false;
}

async function freezeOnce(engine: Engine, freezer: Freezer): Promise<boolean> {
  const deadline = engine.host.monotonic() + patienceMs;
  engine.host.files.writeNow(freezer.control, freezer.frozen);
  while (!hasFrozen(engine, freezer)) {
    if (engine.host.monotonic() > deadline) return false;
    await engine.host.sleep(pollMs);
  }
  return true;
}

function hasFrozen({ host }: Engine, { directory, control }: Freezer): boolean {
  const events = host.files.findTextNow(`${directory}/cgroup.events`);
  return events === undefined ? host.files.findTextNow(control)?.trim() === "FROZEN" : /^frozen 1$/m.test(events);
}

/** Safe to repeat, and on what never was frozen. */
export function thaw(engine: Engine, name: Name): void {
  const freezer = findFreezer(engine, name);
  if (freezer) engine.host.files.writeNow(freezer.control, freezer.thawed);
}

/** Frozen, or about to be. */
export function isFrozen(engine: Engine, name: Name): boolean {
  const freezer = findFreezer(engine, name);
  return freezer !== undefined && engine.host.files.findTextNow(freezer.control)?.trim() !== freezer.thawed;
}

/** Kills what is frozen without letting it run: each process has its signal before it is thawed, which version 1 needs to die. */
export async function endFrozen(engine: Engine, name: Name): Promise<void> {
  const freezer = findFreezer(engine, name);
  if (!freezer || !isFrozen(engine, name)) return;
  for (const pid of listPids(engine.host, freezer.directory)) killProcess(engine, pid);
  thaw(engine, name);
}

/** On version 2 a runtime may have put its processes one level down. */
function listPids(host: Engine["host"], directory: string): readonly number[] {
  const own = (host.files.findTextNow(`${directory}/cgroup.procs`) ?? "").split("\n").filter((line) => line !== "");
  const below = host.files.listNow(directory).filter((entry) => host.files.findNow(`${directory}/${entry}`)?.kind === "directory");
  return [...own.map(Number), ...below.flatMap((entry) => listPids(host, `${directory}/${entry}`))];
}
