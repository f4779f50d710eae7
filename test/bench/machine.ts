/**
 * A machine of its own for each contender: a network and a mount namespace, reached over a veth pair. What one engine does to
 * firewall, bridges or /run disturbs neither the others nor the host, every request takes the same way, and all ends with it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Area } from "./area.ts";
import { type RunOptions, run } from "./run-program.ts";

export interface MachineOptions {
  /** From 0 to 63; tells machines of one run apart. */
  readonly number: number;
  /** Folders that get an empty file system of their own, inside; one that the host lacks is there as long as the machine. */
  readonly privateDirectories?: readonly string[];
  /** A /dev/null of its own: raw crun, podman and docker give the streams of a container to its user, the host's own device too. */
  readonly privateNull?: boolean;
}

export class Machine {
  /** Where its published ports answer. */
  readonly address: string;
  readonly pid: number;
  readonly networkNamespace: string;

  private constructor(pid: number, address: string) {
    this.pid = pid;
    this.address = address;
    this.networkNamespace = readlinkSync(`/proc/${pid}/ns/net`);
  }

  static async make(area: Area, { number, privateDirectories = [], privateNull = true }: MachineOptions): Promise<Machine> {
    for (const directory of privateDirectories.filter((place) => !existsSync(place))) {
      mkdirSync(directory);
      area.onEnd(() => rmdirSync(directory));
    }
    const holder = spawn(
      "unshare",
      [
        "--mount",
        "--net",
        "--propagation=private",
        "sh",
        "-ec",
        holderScript(privateDirectories, privateNull ? `${area.directory("dev")}/null${number}` : undefined),
      ],
      {
        detached: true,
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    area.onEnd(() => end(holder));
    await once(holder.stdout, "data");
    const [outside, inside] = [1, 2].map((host) => `10.251.${process.pid % 256}.${4 * number + host}`) as [string, string];
    const machine = new Machine(holder.pid ?? 0, inside);
    area.onEnd(() => machine.#endProcesses());
    const link = `iscb${process.pid % 100_000}-${number}`;
    await run("ip", ["link", "add", link, "type", "veth", "peer", "name", "wan", "netns", String(machine.pid)]);
    await run("ip", ["address", "add", `${outside}/30`, "dev", link]);
    await run("ip", ["link", "set", link, "up"]);
    await machine.run("ip", ["address", "add", `${machine.address}/30`, "dev", "wan"]);
    await machine.run("ip", ["link", "set", "wan", "up"]);
    await machine.run("ip", ["route", "add", "default", "via", outside]);
    return machine;
  }

  /** A command line that runs inside. */
  wrap(program: string, words: readonly string[]): [program: string, words: string[]] {
    return ["nsenter", [`--net=/proc/${this.pid}/ns/net`, `--mount=/proc/${this.pid}/ns/mnt`, "--", program, ...words]];
  }

  run(program: string, words: readonly string[], options?: RunOptions): Promise<string> {
    return run(...this.wrap(program, words), options);
  }

  /** Processes whose network is this machine's own: the engine and its helpers, not what runs in containers. */
  listProcesses(): readonly number[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && networkOf(name) === this.networkNamespace)
      .map(Number)
      .filter((pid) => pid !== this.pid);
  }

  async #endProcesses(): Promise<void> {
    for (let tries = 0; tries < 20; tries++) {
      const left = this.listProcesses();
      if (left.length === 0) return;
      for (const pid of left) kill(pid);
      await sleep(50);
    }
  }
}

function holderScript(privateDirectories: readonly string[], nullDevice: string | undefined): string {
  return [
    // crun refuses the mixture of both cgroup versions.
    "if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi",
    ...privateDirectories.map((directory) => `mount -t tmpfs -o mode=755 tmpfs ${directory}`),
    ...(nullDevice === undefined ? [] : [`mknod -m 666 ${nullDevice} c 1 3`, `mount --bind ${nullDevice} /dev/null`]),
    "ip link set lo up",
    "echo 1 >/proc/sys/net/ipv4/ip_forward",
    "echo ready",
    "exec sleep infinity",
  ].join("\n");
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

function networkOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}
