/** Docker and podman, told to harden the service as far as their flags go. */
import type { Manifest } from "../../src/model/image.ts";
import { type Contender, portOf } from "./contender.ts";
import type { Machine } from "./machine.ts";
import type { RunOptions } from "./run-program.ts";

const image = "bench";

export interface EngineOptions {
  readonly name: "docker" | "podman";
  readonly machine: Machine;
  readonly manifest: Manifest;
  /** Runs the engine's command line. */
  readonly call: (words: readonly string[], options?: RunOptions) => Promise<string>;
}

export class EngineContender implements Contender {
  readonly name: "docker" | "podman";
  readonly capacity = 1_000;
  readonly machine: Machine;
  readonly image = image;
  readonly call: EngineOptions["call"];
  readonly #manifest: Manifest;

  constructor({ name, machine, manifest, call }: EngineOptions) {
    this.name = name;
    this.machine = machine;
    this.call = call;
    this.#manifest = manifest;
  }

  /** @param archive the root file system */
  async import(archive: string): Promise<void> {
    await this.call(["import", archive, image], { timeoutMs: 300_000 });
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async start(index: number): Promise<void> {
    await this.call(["run", ...hardeningFlags(this.#manifest, this.#tmpfsOwner()), ...this.#ownFlags(index), image, ...this.#command()]);
  }

  async stop(index: number): Promise<void> {
    await this.call(["rm", "--force", ...(this.name === "podman" ? ["--time=0"] : []), nameOf(index)]);
  }

  async replace(index: number): Promise<void> {
    await this.stop(index);
    await this.start(index);
  }

  async exec(index: number, command: readonly string[]): Promise<void> {
    await this.call(["exec", nameOf(index), ...command]);
  }

  async list(): Promise<void> {
    await this.call(["ps"]);
  }

  endpoint(index: number) {
    return { address: this.machine.address, port: portOf(index) };
  }

  /** Docker's tmpfs takes the mode of the directory below it, so that only its owner may write; podman knows no owner, and keeps 1777. */
  #tmpfsOwner(): string {
    const { uid, gid } = this.#manifest.init;
    return this.name === "docker" ? `,uid=${uid},gid=${gid}` : "";
  }

  #ownFlags(index: number): readonly string[] {
    return ["--detach", `--name=${nameOf(index)}`, `--publish=${portOf(index)}:80`];
  }

  #command(): readonly string[] {
    return this.#manifest.init.command;
  }
}

/** podman asks for more (RLIMIT_NPROC) than root may have everywhere. It counts all processes of one user of the host. */
const processCeiling = 4_096;

function hardeningFlags({ init, posture: { limits }, places }: Manifest, owner: string): readonly string[] {
  const writable = places.flatMap(({ path, directories }) => [path, ...directories.map((directory) => directory.path)]);
  return [
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--sysctl=net.ipv4.ip_unprivileged_port_start=0",
    `--user=${init.uid}:${init.gid}`,
    `--memory=${limits.memoryBytes}`,
    `--cpus=${limits.cpuPercent / 100}`,
    `--pids-limit=${limits.processes}`,
    `--ulimit=nofile=${limits.openFiles}:${limits.openFiles}`,
    `--ulimit=nproc=${processCeiling}:${processCeiling}`,
    ...writable.map((path) => `--tmpfs=${path}:rw,nosuid,nodev,noexec,mode=1777,size=64m${owner}`),
  ];
}

function nameOf(index: number): string {
  return `bench${index}`;
}
