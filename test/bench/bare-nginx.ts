/** The ceiling for traffic: the same nginx without any container, in a chroot on its files, with the same share of the processor. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Area } from "./area.ts";
import { Machine } from "./machine.ts";
import { cgroupName } from "./remove-cgroups.ts";
import type { SealedRoot } from "./sealed-root.ts";
import { type Endpoint, waitForAnswer } from "./wait-for-answer.ts";

export async function startBareNginx(area: Area, number: number, root: SealedRoot): Promise<Endpoint> {
  const machine = await Machine.make(area, { number });
  const group = cpuGroup();
  const [program, words] = machine.wrap("sh", ["-ec", startScript(root, group)]);
  const child = spawn(program, words, { detached: true, stdio: "ignore" });
  area.onEnd(() => child.kill("SIGKILL"));
  const endpoint = { address: machine.address, port: 80 };
  await waitForAnswer(endpoint);
  return endpoint;
}

function cpuGroup(): string {
  const v1 = "/sys/fs/cgroup/cpu";
  return `${existsSync(v1) ? v1 : "/sys/fs/cgroup"}/${cgroupName}-bare`;
}

function startScript({ mounted, manifest }: SealedRoot, group: string): string {
  const { limits } = manifest.posture;
  const service = manifest.services[0];
  if (!service) throw new Error("the bench's image has no service");
  return [
    ...manifest.places.flatMap(({ path, directories }) => [
      `mount -t tmpfs -o mode=1777 tmpfs ${mounted}${path}`,
      ...directories.map((directory) => `mkdir -m 1777 ${mounted}${directory.path}`),
    ]),
    `mount --bind /dev ${mounted}/dev`,
    "echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start",
    `mkdir ${group}`,
    `if [ -e ${group}/cpu.max ]; then echo ${limits.cpuPercent * 1_000} 100000 >${group}/cpu.max`,
    `else echo ${limits.cpuPercent * 1_000} >${group}/cpu.cfs_quota_us; fi`,
    `echo $$ >${group}/cgroup.procs`,
    `exec chroot --userspec=${service.uid}:${service.gid} ${mounted} ${service.command.map(quote).join(" ")}`,
  ].join("\n");
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
