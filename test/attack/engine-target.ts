/** The same service in podman or docker, run with what they do by default; the mistake is the same list of capabilities. */
import { readFileSync, statSync } from "node:fs";
import { linuxCapabilities } from "../../src/model/linux-capabilities.ts";
import type { EngineContender } from "../bench/engine-contender.ts";
import { mistakenCapabilities } from "./blueprint.ts";
import type { Run, ScriptRequest, Target } from "./target.ts";
import type { Role } from "./technique.ts";
import type { World } from "./world.ts";

const nameOf = (role: Role) => (role === "mistake" ? "mistake" : "victim");
/** www-data, as whom the workers of a web server run. */
const serviceUser = "33:33";

/** podman asks for more than root may have everywhere. */
const ulimits = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096"];
/** Of Debian 12. */
const unknownToDocker: ReadonlySet<string> = new Set(["BPF", "PERFMON"]);

/** An engine can hand on no capability that this host's root lacks. */
function ownCapabilities(): ReadonlySet<string> {
  const mask = BigInt(`0x${/^CapBnd:\s*(\w+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"}`);
  return new Set(linuxCapabilities.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 1n));
}

export class EngineTarget implements Target {
  readonly name: "podman" | "docker";
  readonly world: World;
  readonly limits = new Set<never>();
  readonly socket: string;
  readonly #engine: EngineContender;
  readonly #command: readonly string[];

  /** @param command of process 1 */
  constructor(engine: EngineContender, world: World, command: readonly string[]) {
    this.#engine = engine;
    this.name = engine.name;
    this.world = world;
    this.#command = command;
    this.socket = `/run/${engine.name}.sock`;
  }

  async start(): Promise<void> {
    for (const name of ["victim", "mistake", "neighbour"]) await this.#create(name);
  }

  async #create(name: string): Promise<void> {
    const own = ownCapabilities();
    const capabilities = mistakenCapabilities.filter((one) => own.has(one) && !(this.name === "docker" && unknownToDocker.has(one)));
    const added = name === "mistake" ? capabilities.map((one) => `--cap-add=${one}`) : [];
    const flags = ["--detach", `--name=${name}`, `--volume=data-${name}:/srv/data`, ...(this.name === "podman" ? ulimits : []), ...added];
    await this.#engine.call(["run", ...flags, this.#engine.image, ...this.#command]);
    // As in any image that was not made for sealing, where these are mount points.
    await this.#engine.call(["exec", "--user=0", name, "/bin/chmod", "1777", "/tmp", "/var/tmp"]);
    await this.#engine.call(["exec", "--user=0", name, "/bin/chown", serviceUser, "/srv/data", "/var/log/nginx"]);
  }

  async run({ role, script, environment, timeoutMs }: ScriptRequest): Promise<Run> {
    const user = role === "service" ? serviceUser : "0:0";
    const variables = Object.entries(environment).map(([key, value]) => `--env=${key}=${value}`);
    const words = ["exec", `--user=${user}`, ...variables, nameOf(role), "/usr/bin/perl", "-e", script];
    return { output: await this.#engine.call(words, { anyExitCode: true, timeoutMs }) };
  }

  addressOf(role: Role): Promise<string> {
    return this.#inspect(nameOf(role), "{{.NetworkSettings.IPAddress}}");
  }

  neighbour(): Promise<string> {
    return this.#inspect("neighbour", "{{.NetworkSettings.IPAddress}}");
  }

  async #inspect(name: string, format: string): Promise<string> {
    return (await this.#engine.call(["inspect", `--format=${format}`, name])).trim();
  }

  async logBytes(): Promise<number> {
    const file = await this.#inspect("victim", this.name === "docker" ? "{{.LogPath}}" : "{{.HostConfig.LogConfig.Path}}");
    return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }

  async restart(role: Role): Promise<void> {
    await this.#engine.call(["restart", "--time=1", nameOf(role)]);
  }

  async renew(role: Role): Promise<void> {
    await this.#engine.call(["rm", "--force", ...(this.name === "podman" ? ["--time=0"] : []), nameOf(role)]);
    await this.#create(nameOf(role));
  }

  generation(): Promise<string> {
    return Promise.resolve("");
  }

  /** Neither has a sensor. */
  events(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }
}
