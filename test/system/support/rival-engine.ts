/** Docker or podman on a host of a test's own: own storage, own /run, and a web server of one static file in a container with a published port. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const engineNames = ["podman", "docker"] as const;
export type EngineName = (typeof engineNames)[number];

/** The page that the container serves. */
export const containerPage = "a container's page";
const container = "beside";
/** Folders that get an empty file system of their own. */
const privateFolders = ["/run", "/var/lib/cni", "/var/lib/containers", "/etc/docker"];
/** What the engines ask for by themselves is more than a host without CAP_SYS_RESOURCE gives. */
const limits = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"];
const startTimeoutMs = 30_000;

/** The reason why an engine cannot be tried here; undefined where it can. */
export function findMissingEngine(name: EngineName): string | undefined {
  const programs = [...(name === "docker" ? ["docker", "dockerd"] : ["podman"]), "busybox", "iptables"];
  const missing = programs.find((program) => spawnSync(program, ["--help"]).error);
  return missing === undefined ? undefined : `${missing} is not installed (scripts/setup bench)`;
}

export class RivalEngine implements AsyncDisposable {
  readonly #name: EngineName;
  readonly #base = mkdtempSync("/var/tmp/isc-rival-");
  readonly #cgroup = path.basename(this.#base);
  readonly #made: readonly string[];
  #holder: ChildProcess | undefined;
  #daemon: ChildProcess | undefined;

  private constructor(name: EngineName) {
    this.#name = name;
    this.#made = privateFolders.filter((folder) => !existsSync(folder));
    for (const folder of this.#made) mkdirSync(folder, { recursive: true });
  }

  /** @param networkNamespace of `ip netns` */
  static async start(name: EngineName, networkNamespace: string): Promise<RivalEngine> {
    const engine = new RivalEngine(name);
    await engine.#hold(networkNamespace);
    if (name === "docker") await engine.#launchDaemon();
    engine.call("import", engine.#pack(), "page");
    return engine;
  }

  /** Runs the engine's command line. */
  call(...words: readonly string[]): string {
    const { status, stdout, stderr } = this.#try(words);
    assert.equal(status, 0, `${this.#name} ${words.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** A container whose page answers on a port of the host. */
  publish(hostPort: number): void {
    const own = ["--detach", `--name=${container}`, `--publish=${hostPort}:80`, `--cgroup-parent=/${this.#cgroup}`];
    this.call("run", ...own, ...limits, "page", "/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www");
  }

  remove(): void {
    this.call("rm", "--force", ...(this.#name === "podman" ? ["--time=0"] : []), container);
  }

  get address(): string {
    return this.call("inspect", "--format={{.NetworkSettings.IPAddress}}", container).trim();
  }

  /** What a page says to the container; empty when nothing answers. From inside its network, with the host's own program. */
  fetch(url: string): string {
    const pid = this.call("inspect", "--format={{.State.Pid}}", container).trim();
    return spawnSync("nsenter", [`--net=/proc/${pid}/ns/net`, "curl", "-s", "-m", "2", url], { encoding: "utf8" }).stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#try(["rm", "--force", container]);
    for (const child of [this.#daemon, this.#holder]) await end(child);
    await this.#removeCgroups();
    rmSync(this.#base, { recursive: true, force: true });
    for (const folder of this.#made) rmdirSync(folder);
  }

  #try(words: readonly string[]) {
    const { program, own } = this.#words();
    return spawnSync("nsenter", [...this.#inside(), program, ...own, ...words], { encoding: "utf8", timeout: 60_000 });
  }

  #words(): { readonly program: string; readonly own: readonly string[] } {
    const base = this.#base;
    if (this.#name === "docker") return { program: "docker", own: [`--host=unix://${base}/socket`] };
    const places = [`--root=${base}/root`, `--runroot=${base}/run`, `--tmpdir=${base}/tmp`];
    return { program: "podman", own: [...places, "--cgroup-manager=cgroupfs", "--events-backend=file"] };
  }

  #inside(): readonly string[] {
    return [`--net=/proc/${this.#holder?.pid}/ns/net`, `--mount=/proc/${this.#holder?.pid}/ns/mnt`, "--"];
  }

  /** A process that holds the namespaces. */
  async #hold(networkNamespace: string): Promise<void> {
    const script = [
      // crun refuses the mixture of both cgroup versions.
      "if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi",
      ...privateFolders.map((folder) => `mount -t tmpfs -o mode=755 tmpfs ${folder}`),
      // Both give the streams of a container, and with them the host's own device, to its user.
      `mknod -m 666 ${this.#base}/null c 1 3 && mount --bind ${this.#base}/null /dev/null`,
      "echo ready",
      "exec sleep infinity",
    ];
    const words = [`--net=/run/netns/${networkNamespace}`, "--", "unshare", "--mount", "--propagation=private", "sh", "-ec"];
    const holder = spawn("nsenter", [...words, script.join("\n")], { stdio: ["ignore", "pipe", "inherit"] });
    this.#holder = holder;
    await once(holder.stdout, "data");
  }

  async #launchDaemon(): Promise<void> {
    const base = this.#base;
    const places = [`--data-root=${base}/data`, `--exec-root=${base}/exec`, `--pidfile=${base}/pid`, `--host=unix://${base}/socket`];
    const words = [...this.#inside(), "dockerd", ...places, "--exec-opt=native.cgroupdriver=cgroupfs", "--log-level=error"];
    const daemon = spawn("nsenter", words, { stdio: "ignore", env: { PATH: process.env.PATH, HOME: base } });
    this.#daemon = daemon;
    for (const deadline = Date.now() + startTimeoutMs; this.#try(["version"]).status !== 0; await sleep(100))
      assert.ok(daemon.exitCode === null && Date.now() < deadline, "dockerd does not start");
  }

  #pack(): string {
    const root = `${this.#base}/image`;
    for (const folder of ["bin", "www"]) mkdirSync(`${root}/${folder}`, { recursive: true });
    const { stdout } = spawnSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" });
    cpSync(stdout.trim(), `${root}/bin/busybox`, { dereference: true });
    writeFileSync(`${root}/www/index.html`, containerPage);
    const archive = `${this.#base}/image.tar`;
    assert.equal(spawnSync("tar", ["-C", root, "-cf", archive, "."]).status, 0);
    return archive;
  }

  /** The engines remove those of their containers, but not the parent. */
  async #removeCgroups(): Promise<void> {
    const base = "/sys/fs/cgroup";
    const places = [base, ...readdirSync(base).map((name) => `${base}/${name}`)].map((place) => `${place}/${this.#cgroup}`);
    for (let tries = 0; tries < 50 && places.some((place) => existsSync(place)); tries++) {
      for (const place of places) if (existsSync(place)) spawnSync("find", [place, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
      await sleep(100);
    }
    assert.deepEqual(
      places.filter((place) => existsSync(place)),
      [],
      "cgroups of the engine are left",
    );
  }
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const patience = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(patience);
}
