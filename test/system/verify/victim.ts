/** The running ISC that gets broken, and the tools of a host's root who breaks it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseMountInfo } from "../../../src/host/kernel/mountinfo.ts";
import { type DockIdentity, identityOfSlot, type SlotIdentity, tableName } from "../../../src/model/identity.ts";
import type { IscRecord } from "../../../src/model/isc.ts";
import { type Layout, layoutOf } from "../../../src/model/layout.ts";
import type { Name } from "../../../src/model/name.ts";
import type { TestDock } from "../support/dock.ts";

const joiner = fileURLToPath(new URL("./join-isc.pl", import.meta.url));

const unmountInside = `
  my $is_arm = \`uname -m\` =~ /aarch64/;
  open my $namespace, "<", "/proc/$ARGV[0]/ns/mnt" or die $!;
  syscall($is_arm ? 268 : 308, fileno $namespace, 0) == 0 or die "setns: $!";
  syscall($is_arm ? 39 : 166, $ARGV[1], 2) == 0 or die "umount: $!";
`;

export class Victim {
  readonly layout: Layout;
  readonly dock: DockIdentity;
  readonly record: IscRecord;
  readonly identity: SlotIdentity;
  readonly table: string;
  /** Back to the known good state: what cannot be put back by hand. */
  readonly reset: () => Promise<void>;
  readonly #cgroupPath: string;

  static async of(dock: TestDock, name: Name): Promise<Victim> {
    const { record } = await dock.client.call("show", { name });
    const reset = async () => void (await dock.client.call("reset", { names: [name] }));
    return new Victim(await dock.readIdentity(), dock.layout, record, reset);
  }

  private constructor(dock: DockIdentity, layout: Layout, record: IscRecord, reset: () => Promise<void>) {
    this.layout = layoutOf(layout, () => record.instance ?? 0);
    this.dock = dock;
    this.record = record;
    this.identity = identityOfSlot(dock, record.slot);
    this.table = tableName(dock);
    this.reset = reset;
    this.#cgroupPath = `/isc-${dock.tag}/${record.name}`;
  }

  /** Host pid of process 1, as the dock wrote it down. */
  get pid(): number {
    return Number(this.#live().pid);
  }

  get conmonPid(): number {
    return Number(this.#live().conmonPid);
  }

  #live(): { readonly pid: unknown; readonly conmonPid: unknown } {
    return JSON.parse(readFileSync(`${this.layout.live.directory(this.record.name)}/process.json`, "utf8"));
  }

  run(program: string, ...words: readonly string[]): string {
    return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  nft(commands: string): void {
    this.run("nft", commands);
  }

  /** mount(8) of the host, in the ISC's mount namespace. */
  mount(...words: readonly string[]): void {
    this.run("mount", "-N", String(this.pid), "-n", ...words);
  }

  /** umount(8) looks for its mount table in /proc, where a process from outside is not: so the bare system calls. */
  unmount(place: string): void {
    this.run("perl", "-e", unmountInside, String(this.pid), place);
  }

  /** A program of the host in the dock's own mount namespace. */
  inDock(program: string, ...words: readonly string[]): string {
    return this.run("nsenter", "-t", String(this.conmonPid), "-m", "--", program, ...words);
  }

  /** A program of the host in the ISC's network namespace. */
  inNetwork(program: string, ...words: readonly string[]): string {
    return this.run("nsenter", "-t", String(this.pid), "-n", "--", program, ...words);
  }

  /** The ISC's directory below the hierarchy that has a controller: v1 has one for each, v2 one for all. */
  cgroup(controller: string): string {
    const mounts = parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"));
    const own =
      mounts.find((mount) => mount.type === "cgroup" && mount.superOptions.includes(controller)) ??
      mounts.find((mount) => mount.type === "cgroup2");
    assert.ok(own, `no cgroup hierarchy with ${controller}`);
    return `${own.mountPoint}${this.#cgroupPath}`;
  }

  /** Every hierarchy's. */
  cgroups(): readonly string[] {
    const mounts = parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8")).filter((mount) => mount.type.startsWith("cgroup"));
    return [...new Set(mounts.map((mount) => `${mount.mountPoint}${this.#cgroupPath}`))].filter((directory) => existsSync(directory));
  }

  /** Writes what the first existing file of these takes. */
  writeCgroup(controller: string, files: Readonly<Record<string, string>>): void {
    const directory = this.cgroup(controller);
    for (const [file, text] of Object.entries(files)) if (existsSync(`${directory}/${file}`)) writeFileSync(`${directory}/${file}`, text);
  }

  /** A process of the host's root that joins the ISC; answers its pid. `words` as in join-isc.pl. */
  async join(...words: readonly string[]): Promise<number> {
    const procs = this.cgroups().map((directory) => `${directory}/cgroup.procs`);
    const pid = Number(this.run("perl", joiner, String(this.pid), String(this.identity.uidBase), procs.join(","), ...words));
    assert.ok(pid > 0, "nothing has joined");
    await sleep(150);
    assert.ok(existsSync(`/proc/${pid}`), "what has joined ended at once");
    return pid;
  }

  async end(pid: number): Promise<void> {
    process.kill(pid, "SIGKILL");
    for (let attempt = 0; existsSync(`/proc/${pid}/exe`) && attempt < 200; attempt += 1) await sleep(10);
  }

  /** Changes one byte of a file in place; a second time puts it back. */
  flipByte(file: string, offset: number): void {
    this.run(
      "perl",
      "-e",
      'open my $f, "+<", $ARGV[0] or die $!; seek $f, $ARGV[1], 0; read $f, my $c, 1; seek $f, $ARGV[1], 0; print {$f} chr(255 - ord $c); close $f or die $!;',
      file,
      String(offset),
    );
  }
}
