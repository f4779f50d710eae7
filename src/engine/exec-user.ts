/** Finds the user that an exec asks for, in the sealed image's own passwd file. */
import { Problem } from "../base/problem.ts";
import type { Name } from "../model/name.ts";
import type { Engine } from "./engine.ts";

const highestId = 65_535;

/** @param text a name, UID or UID:GID. Throws Problem USAGE. */
export async function findUser(engine: Engine, name: Name, text: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const numbers = /^(\d+)(?::(\d+))?$/.exec(text);
  if (numbers) {
    const uid = Number(numbers[1]);
    const gid = Number(numbers[2] ?? numbers[1]);
    if (uid <= highestId && gid <= highestId) return { uid, gid };
  }
  const line = (await readPasswd(engine, name)).split("\n").find((entry) => entry.startsWith(`${text}:`));
  const fields = line?.split(":") ?? [];
  if (!/^\d+$/.test(fields[2] ?? "")) throw new Problem("USAGE", `cannot run as ${text}: the image of ${name} has no such user`);
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/** A symlink in the image could lead to a file of the host, so none is followed. */
async function readPasswd(engine: Engine, name: Name): Promise<string> {
  const directory = `${engine.layout.live.rootMount(name)}/etc`;
  if ((await engine.host.files.find(directory))?.kind !== "directory") return "";
  if ((await engine.host.files.find(`${directory}/passwd`))?.kind !== "file") return "";
  return engine.host.files.readText(`${directory}/passwd`);
}
