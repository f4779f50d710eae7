/** The cgroups of ISCs. On v2, and for runc, the OCI runtime makes them; on v1 under crun the dock does, see decision 0005. */
import type { Limits } from "../../model/blueprint.ts";
import { cgroupRoot } from "../../model/identity.ts";
import type { Name } from "../../model/name.ts";
import { cgroupV1Settings } from "../../render/cgroup-v1.ts";
import type { Engine } from "../engine.ts";
import { killProcess } from "./kill.ts";

const settleAttempts = 100;
const settleMs = 10;

/** As the OCI configuration's cgroupsPath: below the root of every hierarchy. */
export function cgroupPath(engine: Engine, name: Name): string {
  return `/${cgroupRoot(engine.dock)}/${engine.layout.parts(name)}`;
}

/**
 * Makes the ISC's cgroups in every v1 hierarchy, with its limits in force. Safe to repeat. Throws the error of node:fs.
 */
export async function ensureCgroups(engine: Engine, name: Name, limits: Limits): Promise<void> {
  const { files } = engine.host;
  for (const { mountPoint, controllers } of engine.hierarchies.filter(({ version }) => version === 1)) {
    const directory = `${mountPoint}${cgroupPath(engine, name)}`;
    await files.makeDirectory(directory, 0o755);
    if (controllers.includes("cpuset")) inheritCpuset(engine, mountPoint, name);
    for (const { file, value } of cgroupV1Settings(controllers, limits)) {
      if (files.findNow(`${directory}/${file}`)) files.writeNow(`${directory}/${file}`, value);
    }
  }
}

/** The files into which a process writes "0" to join an ISC's v1 cgroups. */
export function cgroupTasks(engine: Engine, name: Name): readonly string[] {
  return engine.hierarchies
    .filter(({ version }) => version === 1)
    .map(({ mountPoint }) => `${mountPoint}${cgroupPath(engine, name)}/tasks`);
}

/** A new cpuset is empty, and no process may join it; cpuset(7). */
function inheritCpuset(engine: Engine, mountPoint: string, name: Name): void {
  const { files } = engine.host;
  const root = `${mountPoint}/${cgroupRoot(engine.dock)}`;
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    for (const [parent, child] of [
      [mountPoint, root],
      [root, `${root}/${engine.layout.parts(name)}`],
    ]) {
      if (files.findTextNow(`${child}/${file}`)?.trim() === "")
        files.writeNow(`${child}/${file}`, files.findTextNow(`${parent}/${file}`)?.trim() ?? "");
    }
  }
}

/** Ends what is left in an ISC's cgroups and removes them. Safe to repeat. */
export async function removeCgroupsOf(engine: Engine, name: Name): Promise<void> {
  for (const { mountPoint } of engine.hierarchies) await removeCgroup(engine, `${mountPoint}${cgroupPath(engine, name)}`);
}

/** Removes the cgroups of ISCs that `keep` does not name, and the dock's own directory once it is empty. */
export async function removeStrayCgroups(engine: Engine, keep: (name: string) => boolean): Promise<void> {
  for (const { mountPoint } of engine.hierarchies) {
    const root = `${mountPoint}/${cgroupRoot(engine.dock)}`;
    for (const entry of await engine.host.files.findList(root)) {
      const status = await engine.host.files.find(`${root}/${entry}`);
      if (status?.kind === "directory" && !keep(entry)) await removeCgroup(engine, `${root}/${entry}`);
    }
    await engine.host.files.removeEmptyDirectory(root);
  }
}

/** rmdir(2) is the only way, and it refuses while a process is left; a killed one leaves its cgroup a moment later. */
async function removeCgroup(engine: Engine, path: string): Promise<void> {
  for (let attempt = 0; attempt < settleAttempts; attempt++) {
    await engine.host.files.removeEmptyDirectory(path);
    if (!engine.host.files.findNow(path)) return;
    const pids = engine.host.files.findTextNow(`${path}/cgroup.procs`) ?? "";
    for (const pid of pids.split("\n").filter((line) => line !== "")) killProcess(engine, Number(pid));
    // A process that version 1 has frozen dies when it is thawed.
    if (engine.host.files.findNow(`${path}/freezer.state`)) engine.host.files.writeNow(`${path}/freezer.state`, "THAWED");
    if (attempt > 0) await engine.host.sleep(settleMs);
  }
}
