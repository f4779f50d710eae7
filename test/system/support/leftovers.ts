/** What a dock could leave on a machine: mounts, loop devices, links, tables, cgroups, processes. By the dock's tag and folder, so docks side by side do not see each other. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { AuditControl } from "../../../src/host/kernel/audit/audit-control.ts";
import { hasAudit } from "./kernel-audit.ts";

export interface DockTraces {
  readonly tag: string;
  /** The folder that holds its root and run folders. */
  readonly base: string;
}

/** The kernel ends namespaces, links and loop devices a little after their last user: this long at most. */
const settleMs = 5_000;

export async function listLeftovers(traces: DockTraces): Promise<readonly string[]> {
  for (const deadline = Date.now() + settleMs; ; ) {
    const found = [
      ...mounts(traces),
      ...loops(traces),
      ...linkNames(traces.tag).map((name) => `link ${name}`),
      ...tables(traces),
      ...cgroupDirectories(traces.tag),
      ...processes(traces),
      ...auditRules(traces),
      ...devices(),
    ];
    if (found.length === 0 || Date.now() > deadline) return found;
    await sleep(50);
  }
}

function mounts({ base }: DockTraces): readonly string[] {
  return lines("/proc/self/mountinfo")
    .filter((line) => line.includes(base))
    .map((line) => `mount ${line}`);
}

function loops({ base }: DockTraces): readonly string[] {
  return readdirSync("/sys/block")
    .filter((name) => name.startsWith("loop"))
    .flatMap((name) => {
      const file = `/sys/block/${name}/loop/backing_file`;
      const backing = existsSync(file) ? read(file).trim() : "";
      return backing.startsWith(base) ? [`loop device ${name} of ${backing}`] : [];
    });
}

export function linkNames(tag: string): readonly string[] {
  return readdirSync("/sys/class/net").filter((name) => name.startsWith(`isc${tag}-`));
}

/** Names of ISCs that have a cgroup in any hierarchy. */
export function namesInCgroups(tag: string): ReadonlySet<string> {
  const inside = cgroupDirectories(tag).flatMap((directory) => readdirSync(directory, { withFileTypes: true }));
  return new Set(inside.filter((entry) => entry.isDirectory()).map((entry) => entry.name));
}

function tables({ tag }: DockTraces): readonly string[] {
  const { stdout } = spawnSync("nft", ["list", "tables"], { encoding: "utf8" });
  return stdout
    .split("\n")
    .filter((line) => line.includes(`isc_${tag}`))
    .map((line) => `nft ${line}`);
}

function auditRules({ tag }: DockTraces): readonly string[] {
  if (!hasAudit()) return [];
  using control = new AuditControl();
  return control.compareRules(`isc:${tag}`, []).extra.map(() => `audit rule isc:${tag}`);
}

function cgroupDirectories(tag: string): readonly string[] {
  return lines("/proc/self/mountinfo").flatMap((line) => {
    const [place = "", type = ""] = [line.split(" ")[4], line.split(" - ")[1]?.split(" ")[0]];
    const directory = `${place}/isc-${tag}`;
    return type.startsWith("cgroup") && existsSync(directory) ? [directory] : [];
  });
}

/** An OCI runtime may give the streams it was handed to the container's user, and with them a device of the host. */
function devices(): readonly string[] {
  return ["null", "zero", "full", "tty", "random", "urandom"].flatMap((name) => {
    const { uid, mode } = statSync(`/dev/${name}`);
    return uid === 0 && (mode & 0o777) === 0o666 ? [] : [`/dev/${name} belongs to ${uid} with mode ${(mode & 0o777).toString(8)}`];
  });
}

/** By working directory, program or command line. */
function processes({ base }: DockTraces): readonly string[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .flatMap((pid) => {
      const words = [link(`/proc/${pid}/cwd`), link(`/proc/${pid}/exe`), read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")];
      return words.some((word) => word.includes(base)) ? [`process ${pid} ${words[2]}`] : [];
    });
}

function lines(file: string): readonly string[] {
  return read(file).split("\n");
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}
