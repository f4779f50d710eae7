/** The folder that a build works in. A build that was broken off leaves it to the next start of the dock, which empties it. */
import type { Host } from "../../host/host.ts";
import { parseMountInfo } from "../../host/kernel/mountinfo.ts";
import type { Layout } from "../../model/layout.ts";
import { unmountFrom } from "../mount-table.ts";
import { removeSandboxes } from "./sandbox.ts";

/** Makes a folder for one piece of work, and takes it and all mounted below it away afterwards. */
export async function withWorkDirectory<T>(host: Host, layout: Pick<Layout, "temporary">, use: (work: string) => Promise<T>): Promise<T> {
  await host.files.makeDirectory(layout.temporary);
  const work = await host.files.makeTemporary(layout.temporary, "work-");
  try {
    return await use(work);
  } finally {
    await clear(host, work);
  }
}

/** For the dock's start, before anything else works there: ends what still runs, unmounts what is mounted, removes all. Safe to repeat. */
export async function emptyTemporary(host: Host, layout: Pick<Layout, "temporary">): Promise<void> {
  for (const name of await host.files.findList(layout.temporary)) await clear(host, `${layout.temporary}/${name}`);
}

async function clear(host: Host, path: string): Promise<void> {
  await removeSandboxes(host, path);
  const mounts = parseMountInfo(host.files.findTextNow("/proc/self/mountinfo") ?? "");
  const below = mounts.map((mount) => mount.mountPoint).filter((point) => point === path || point.startsWith(`${path}/`));
  for (const point of below.reverse()) unmountFrom(host, point);
  await host.files.remove(path);
}
