/** Which control groups the host has. The dock's own mounts may hide some (see open-engine.ts), so process 1 is asked. */
import { type MountInfo, parseMountInfo } from "../host/kernel/mountinfo.ts";
import { absent, type Probe, type ProbeArea, present, type Seen } from "./capabilities-probe.ts";

const controllers = ["memory", "cpu", "pids", "freezer", "devices"] as const;
/** In v2 freezing belongs to every cgroup, and device rules are BPF programs; see cgroup-v2 in the kernel's documentation. */
const builtIntoV2 = ["freezer", "devices"];

export const probeCgroups: Probe = {
  names: ["cgroups", ...controllers.map((controller) => `cgroup-${controller}`)],
  look: ({ host }) => {
    const text = host.files.findTextNow("/proc/1/mountinfo") ?? host.files.findTextNow("/proc/self/mountinfo") ?? "";
    const mounts = parseMountInfo(text);
    const v1 = mounts.filter(({ type }) => type === "cgroup");
    const v2 = mounts.filter(({ type }) => type === "cgroup2");
    return [describeMode(v1, v2), ...controllers.map((controller) => findController(host, controller, v1, v2))];
  },
};

function describeMode(v1: readonly MountInfo[], v2: readonly MountInfo[]): Seen {
  if (v1.length > 0) return present(v2.length > 0 ? "hybrid: controllers on v1" : "v1");
  return v2.length > 0 ? present("v2") : absent("none is mounted");
}

function findController(host: ProbeArea["host"], controller: string, v1: readonly MountInfo[], v2: readonly MountInfo[]): Seen {
  const hierarchy = v1.find(({ superOptions }) => superOptions.includes(controller));
  if (hierarchy) return present(`v1 at ${hierarchy.mountPoint}`);
  const [unified] = v2;
  if (!unified) return absent("no hierarchy has it");
  const offered = host.files.findTextNow(`${unified.mountPoint}/cgroup.controllers`)?.trim().split(" ") ?? [];
  const known = builtIntoV2.includes(controller) && v1.length === 0;
  return known || offered.includes(controller) ? present(`v2 at ${unified.mountPoint}`) : absent("no hierarchy has it");
}
