/** Reads the image's systemd units, as texts for the planner. */
import type { Host } from "../../host/host.ts";
import type { UnitFiles } from "../../plan/services/find-unit.ts";
import { findTextInside, lookInside } from "./resolve-inside.ts";
import { isServiceTmpfiles, parseTmpfiles, type TmpfilesDirectory } from "./tmpfiles.ts";

/** Later ones win, as in systemd.unit(5). */
const unitFolders = ["/usr/lib/systemd/system", "/lib/systemd/system", "/usr/local/lib/systemd/system", "/etc/systemd/system"];
const tmpfilesFolders = ["/usr/lib/tmpfiles.d", "/etc/tmpfiles.d"];

export async function readUnitFiles(host: Host, root: string): Promise<UnitFiles> {
  const units: Record<string, string> = {};
  for (const folder of unitFolders) {
    for (const name of await listInside(host, root, folder)) {
      if (/\.(?:service|socket)$/.test(name)) take(`${folder}/${name}`, name);
      if (!/^(?:.*\.)?service\.d$/.test(name)) continue;
      const dropIns = (await listInside(host, root, `${folder}/${name}`)).filter((file) => file.endsWith(".conf"));
      for (const file of dropIns) take(`${folder}/${name}/${file}`, `${name}/${file}`);
    }
  }
  return units;

  /** A link to /dev/null masks a unit: nothing is found there, and it is as if there were none. */
  function take(path: string, name: string): void {
    const text = findTextInside(host.files, root, path);
    if (text === undefined) delete units[name];
    else units[name] = text;
  }
}

export async function readTmpfiles(host: Host, root: string): Promise<readonly TmpfilesDirectory[]> {
  const texts = new Map<string, string>();
  for (const folder of tmpfilesFolders) {
    for (const name of (await listInside(host, root, folder)).filter(isServiceTmpfiles))
      texts.set(name, findTextInside(host.files, root, `${folder}/${name}`) ?? "");
  }
  return [...texts.keys()].sort().flatMap((name) => parseTmpfiles(texts.get(name) ?? ""));
}

async function listInside(host: Host, root: string, path: string): Promise<readonly string[]> {
  const { path: found, status } = lookInside(host.files, root, path);
  return status?.kind === "directory" ? [...(await host.files.list(`${root}${found}`))].sort() : [];
}
