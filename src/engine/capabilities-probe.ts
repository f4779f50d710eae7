/** One probe of the host: the capabilities it tells about, and how it looks. */
import { reasonOf } from "../base/reason-of.ts";
import type { Host } from "../host/host.ts";
import type { Capability } from "../model/capability.ts";

export interface ProbeArea {
  readonly host: Host;
  /** A directory of this detection's own on the file system of ISC_ROOT. */
  readonly directory: string;
}

export interface Seen {
  readonly present: boolean;
  readonly detail: string;
}

export interface Probe {
  /** Names of what it answers. */
  readonly names: readonly string[];
  /** One answer for each name, in that order. Throwing means: all of it is absent, for the reason thrown. */
  readonly look: (area: ProbeArea) => readonly Seen[] | Promise<readonly Seen[]>;
}

export async function probing({ names, look }: Probe, area: ProbeArea): Promise<readonly Capability[]> {
  try {
    const seen = await look(area);
    return names.map((name, index) => ({ name, ...(seen[index] ?? absent("not looked for")) }));
  } catch (error) {
    return names.map((name) => ({ name, ...absent(reasonOf(error)) }));
  }
}

export function present(detail: string): Seen {
  return { present: true, detail };
}

export function absent(detail: string): Seen {
  return { present: false, detail };
}

/** A probe for one capability. */
export function probe(name: string, look: (area: ProbeArea) => Seen | Promise<Seen>): Probe {
  return { names: [name], look: async (area) => [await look(area)] };
}

/** Whether the kernel has a module of this name, built in, loaded or ready to be loaded; see modprobe(8). */
export async function hasModule(host: Host, name: string): Promise<boolean> {
  if (host.files.findNow(`/sys/module/${name.replaceAll("-", "_")}`)) return true;
  const release = host.files.findTextNow("/proc/sys/kernel/osrelease")?.trim() ?? "";
  const lists = await Promise.all(["modules.builtin", "modules.dep"].map((list) => host.files.findText(`/lib/modules/${release}/${list}`)));
  return lists.some((text) => text?.includes(`/${name}.ko`));
}
