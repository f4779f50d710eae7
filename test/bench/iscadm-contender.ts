/** iscadm itself: a dock of the bench's own, asked through its API as the command line asks it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DockClient, dialSocket } from "../../src/api/node-client.ts";
import { readDockSettings } from "../../src/dock/settings.ts";
import type { Digest } from "../../src/model/digest.ts";
import type { DockIdentity } from "../../src/model/identity.ts";
import { type Layout, layoutOf } from "../../src/model/layout.ts";
import { listLeftovers } from "../system/support/leftovers.ts";
import type { Area } from "./area.ts";
import { type Contender, portOf } from "./contender.ts";
import type { Machine } from "./machine.ts";

const launcher = fileURLToPath(new URL("../../bin/iscadm-dock", import.meta.url));
const startTimeoutMs = 20_000;

export interface DockOptions {
  readonly area: Area;
  readonly machine: Machine;
  /** Folder of the build cache; its own when absent. */
  readonly cache?: string;
}

export class IscadmContender implements Contender {
  readonly name = "iscadm";
  readonly capacity = 4_000;
  readonly machine: Machine;
  readonly client: DockClient;
  readonly layout: Layout;
  readonly dock: DockIdentity;
  readonly #base: string;
  readonly #environment: Readonly<Record<string, string>>;
  #dock: ChildProcess | undefined;
  #image: Digest | undefined;

  private constructor({ area, machine, cache }: DockOptions) {
    this.machine = machine;
    this.#base = area.directory("iscadm");
    const places = {
      ISC_ROOT: `${this.#base}/root`,
      ISC_RUN: `${this.#base}/run`,
      // Networks of stacks need room beside it.
      ISC_NET: "10.250.0.0/16",
    };
    this.#environment = { ...places, ...(cache === undefined ? {} : { ISC_CACHE: cache }) };
    const settings = readDockSettings(this.#environment);
    this.dock = settings.identity;
    this.layout = layoutOf(settings);
    this.client = new DockClient(dialSocket(this.layout.socket));
  }

  /** Builds the image that `prepare` makes ISCs of, and starts a dock in its machine. */
  static async launch(options: DockOptions & { readonly blueprint: string }): Promise<IscadmContender> {
    const contender = new IscadmContender(options);
    options.area.onEnd(() => contender.#end());
    await contender.withArchive(async () => {
      contender.#image = (await contender.client.call("build", { blueprint: options.blueprint })).digest;
    });
    return contender;
  }

  /**
   * For the length of `use` the dock runs on the host's own network: a build asks the package archive, which nobody in the machine
   * can reach. No ISC may run before or after.
   * @param config lines of dock.yaml for this time
   */
  async withArchive(use: () => Promise<void>, config = ""): Promise<void> {
    await this.#stopDock();
    this.#writeConfig(config);
    await this.#startDock(launcher, []);
    try {
      await use();
    } finally {
      await this.#stopDock();
      this.#writeConfig("");
    }
    await this.#startDock(...this.machine.wrap(launcher, []));
  }

  /** Starts the dock again with these lines of dock.yaml, or without any. ISCs run on. */
  async configure(lines: string): Promise<void> {
    await this.#stopDock();
    this.#writeConfig(lines);
    await this.#startDock(...this.machine.wrap(launcher, []));
  }

  #writeConfig(lines: string): void {
    mkdirSync(this.layout.root, { recursive: true, mode: 0o700 });
    writeFileSync(`${this.layout.root}/dock.yaml`, `dock: 1\n${lines}\n`);
  }

  async #startDock(program: string, words: readonly string[]): Promise<void> {
    this.#dock = spawn(program, words, { detached: true, stdio: "ignore", env: { PATH: process.env.PATH, ...this.#environment } });
    const deadline = Date.now() + startTimeoutMs;
    while (!(await this.#answers())) {
      if (Date.now() > deadline) throw new Error(`the dock did not start: ${this.#lastWords()}`);
      await sleep(20);
    }
  }

  async #stopDock(): Promise<void> {
    const dock = this.#dock;
    if (dock === undefined || dock.exitCode !== null || dock.signalCode !== null) return;
    const ended = once(dock, "exit");
    await this.client.call("dock-stop", {});
    await ended;
  }

  get image(): Digest {
    if (this.#image === undefined) throw new Error("no image has been built yet");
    return this.#image;
  }

  async prepare(index: number): Promise<void> {
    await this.client.call("create", { name: nameOf(index), image: this.image });
    await this.client.call("expose", { name: nameOf(index), exposure: { hostPort: portOf(index), port: 80, protocol: "tcp" } });
  }

  async start(index: number): Promise<void> {
    await this.client.call("start", { names: [nameOf(index)] });
  }

  async stop(index: number): Promise<void> {
    await this.client.call("stop", { names: [nameOf(index)], timeoutMs: 1 });
  }

  async replace(index: number): Promise<void> {
    await this.client.call("reset", { names: [nameOf(index)] });
  }

  async exec(index: number, command: readonly string[]): Promise<void> {
    const { exitCode } = await this.client.call("exec", { name: nameOf(index), command: [...command] });
    if (exitCode !== 0) throw new Error(`iscadm exec ${command[0]} exited ${exitCode}`);
  }

  /** Safe to repeat. */
  async takeDown(stack: string): Promise<void> {
    const { stacks } = await this.client.call("stacks", {});
    if (stacks.some(({ name }) => name === stack)) await this.client.call("stack-down", { stack, volumes: true });
  }

  async list(): Promise<void> {
    await this.client.call("list", {});
  }

  endpoint(index: number) {
    return { address: this.machine.address, port: portOf(index) };
  }

  async #answers(): Promise<boolean> {
    return await this.client.call("list", {}).then(
      () => true,
      () => false,
    );
  }

  async #end(): Promise<void> {
    if (await this.#answers()) {
      for (const { name } of (await this.client.call("stacks", {})).stacks) await this.takeDown(name);
      const { iscs } = await this.client.call("list", {});
      if (iscs.length > 0) await this.client.call("destroy", { names: iscs.map(({ name }) => String(name)) });
      await this.#stopDock();
    }
    const leftovers = await listLeftovers({ tag: this.dock.tag, base: this.#base });
    if (leftovers.length > 0) throw new Error(`the dock left behind: ${leftovers.join("; ")}`);
  }

  #lastWords(): string {
    try {
      return readFileSync(this.layout.dockLog, "utf8").split("\n").slice(-5).join("\n");
    } catch {
      return "it wrote no log";
    }
  }
}

export function nameOf(index: number): string {
  return `web${index}`;
}
