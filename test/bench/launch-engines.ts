/** Private installations of docker and podman: own storage, own sockets, own machine. Throws Error where one cannot run here. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Manifest } from "../../src/model/image.ts";
import type { Area } from "./area.ts";
import { EngineContender, type EngineOptions } from "./engine-contender.ts";
import { Machine } from "./machine.ts";
import { cgroupName } from "./remove-cgroups.ts";
import { run } from "./run-program.ts";

export interface LaunchOptions {
  readonly area: Area;
  readonly number: number;
  readonly manifest: Manifest;
  /** Tar file of the sealed root. */
  readonly archive: string;
}

const startTimeoutMs = 30_000;

export async function launchPodman({ area, number, manifest, archive }: LaunchOptions): Promise<EngineContender> {
  await run("podman", ["--version"]);
  const base = area.directory("podman");
  const machine = await Machine.make(area, { number, privateDirectories: ["/run", "/var/lib/cni", "/var/lib/containers"] });
  const places = [`--root=${base}/root`, `--runroot=${base}/run`, `--tmpdir=${base}/tmp`, "--cgroup-manager=cgroupfs"];
  const contender = new EngineContender({
    name: "podman",
    machine,
    manifest,
    call: (words, options) => machine.run("podman", [...places, "--events-backend=file", ...insertCgroup(words)], options),
  });
  area.onEnd(() => machine.run("podman", [...places, "rm", "--all", "--force", "--time=0"], { anyExitCode: true }));
  await contender.import(archive);
  return contender;
}

export async function launchDocker({ area, number, manifest, archive }: LaunchOptions): Promise<EngineContender> {
  await run("dockerd", ["--version"]);
  const base = area.directory("docker");
  const machine = await Machine.make(area, { number, privateDirectories: ["/run", "/etc/docker"] });
  const socket = `unix://${base}/docker.sock`;
  const places = [`--data-root=${base}/data`, `--exec-root=${base}/exec`, `--pidfile=${base}/pid`, `--host=${socket}`];
  const [program, words] = machine.wrap("dockerd", [...places, "--exec-opt=native.cgroupdriver=cgroupfs", "--log-level=error"]);
  const daemon = spawn(program, words, { detached: true, stdio: "ignore", env: { PATH: process.env.PATH, HOME: base } });
  const call: EngineOptions["call"] = (request, options) => run("docker", [`--host=${socket}`, ...insertCgroup(request)], options);
  area.onEnd(async () => {
    await call(["container", "prune", "--force"], { anyExitCode: true });
    if (daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, "exit");
    daemon.kill("SIGTERM");
    await Promise.race([ended, sleep(startTimeoutMs)]);
  });
  for (const deadline = Date.now() + startTimeoutMs; ; await sleep(100)) {
    const version = await call(["version", "--format={{.Server.Version}}"], { anyExitCode: true });
    if (version.trim() !== "") break;
    if (daemon.exitCode !== null || Date.now() > deadline) throw new Error("dockerd does not start on this machine");
  }
  const contender = new EngineContender({ name: "docker", machine, manifest, call });
  await contender.import(archive);
  return contender;
}

/** Containers go into a cgroup of the bench's own, which it can remove. */
function insertCgroup(words: readonly string[]): readonly string[] {
  const [verb = "", ...rest] = words;
  return verb === "run" ? [verb, `--cgroup-parent=/${cgroupName}`, ...rest] : words;
}
