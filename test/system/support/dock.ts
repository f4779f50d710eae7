/** A dock of a test's own: own folders, own addresses, and proof at the end that nothing of it is left on the machine. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DockClient, dialSocket } from "../../../src/api/node-client.ts";
import { readDockSettings } from "../../../src/dock/settings.ts";
import type { DockIdentity } from "../../../src/model/identity.ts";
import { type Layout, layoutOf } from "../../../src/model/layout.ts";
import { listLeftovers } from "./leftovers.ts";

const launcher = fileURLToPath(new URL("../../../bin/iscadm-dock", import.meta.url));
const usualStartTimeoutMs = 20_000;
/** Layers are shared by all test docks, so that each package set is installed once. */
const cache = "/var/tmp/isc-test-cache";
/** Second numbers of addresses for docks of one lane. */
const lanePrefixes = 20;

export interface TestDockOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Name of a network namespace of `ip netns` that is the dock's host. `ip netns exec` itself would hide the cgroups behind a fresh /sys. */
  readonly networkNamespace?: string;
  /** Lines of hosts(5) that the dock finds in its own /etc/hosts. */
  readonly hosts?: readonly string[];
  /** How long it may take to answer; an emulated processor needs more. */
  readonly startTimeoutMs?: number;
  /** The lines of dock.yaml. Without any the dock only observes: what a test breaks is not mended behind its back. */
  readonly config?: string;
}

export class TestDock implements AsyncDisposable {
  readonly environment: Readonly<Record<string, string>>;
  readonly layout: Layout;
  readonly client: DockClient;
  readonly tag: string;
  readonly #base: string;
  readonly #prefix: readonly string[];
  readonly #startTimeoutMs: number;
  #process: ChildProcess | undefined;
  #words = "";

  private constructor(base: string, options: TestDockOptions) {
    this.#base = base;
    this.#startTimeoutMs = options.startTimeoutMs ?? usualStartTimeoutMs;
    const { networkNamespace } = options;
    this.#prefix = [
      ...(networkNamespace === undefined ? [] : ["/usr/bin/nsenter", `--net=/run/netns/${networkNamespace}`, "--"]),
      ...(options.hosts === undefined ? [] : withHosts(base, options.hosts)),
    ];
    const network = chooseNetwork();
    this.environment = { ISC_ROOT: `${base}/root`, ISC_RUN: `${base}/run`, ISC_CACHE: cache, ISC_NET: network, ...options.environment };
    const settings = readDockSettings(this.environment);
    this.tag = settings.identity.tag;
    this.layout = layoutOf(settings);
    this.client = new DockClient(dialSocket(this.layout.socket));
  }

  static async start(options: TestDockOptions = {}): Promise<TestDock> {
    const base = mkdtempSync(path.join("/var/tmp", "isc-test-"));
    // The runtime looks for roots as a user of the ISC, who has to pass through.
    chmodSync(base, 0o711);
    const dock = new TestDock(base, options);
    if (!dock.environment.ISC_CONFIG) dock.configure(options.config ?? "respond: { mode: observe }");
    await dock.launch();
    return dock;
  }

  /** Writes dock.yaml, for the next start. */
  configure(lines: string): void {
    mkdirSync(this.layout.root, { recursive: true, mode: 0o700 });
    writeFileSync(`${this.layout.root}/dock.yaml`, `dock: 1\n${lines}\n`);
  }

  /** With the uids that the running dock has claimed. */
  async readIdentity(): Promise<DockIdentity> {
    const { uids } = await this.client.call("dock-status", {});
    return { ...readDockSettings(this.environment).identity, uidBase: uids.first };
  }

  get pid(): number {
    const pid = this.#process?.pid;
    assert.ok(pid, "the dock is not running");
    return pid;
  }

  /**
   * Starts the daemon again on the same state.
   * @param environment for this life of it, beside its own
   */
  async launch(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const [program = launcher, ...command] = [...this.#prefix, launcher];
    const env = { PATH: process.env.PATH, ...this.environment, ...environment };
    const child = spawn(program, command, { env, stdio: ["ignore", "ignore", "pipe"] });
    this.#process = child;
    this.#words = "";
    child.stderr?.on("data", (chunk) => {
      this.#words += String(chunk);
    });
    const deadline = Date.now() + this.#startTimeoutMs;
    while (!(await this.#answers())) {
      assert.ok(child.exitCode === null && Date.now() < deadline, `the dock did not start: ${this.#words}${this.readLog()}`);
      await sleep(10);
    }
  }

  async #answers(): Promise<boolean> {
    try {
      await this.client.call("list", {});
      return true;
    } catch {
      return false;
    }
  }

  readLog(): string {
    try {
      return readFileSync(this.layout.dockLog, "utf8").split("\n").slice(-30).join("\n");
    } catch {
      return "";
    }
  }

  /** As a crash would: no word, no clean-up. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** In good order; ISCs run on. */
  async quit(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  /** Destroys every ISC, ends the daemon, and fails when anything of this dock is still on the machine. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!(await this.#answers())) await this.launch();
    for (const { name } of (await this.client.call("stacks", {})).stacks)
      await this.client.call("stack-down", { stack: name, volumes: true });
    const { iscs } = await this.client.call("list", {});
    if (iscs.length > 0) await this.client.call("destroy", { names: iscs.map(({ name }) => String(name)) });
    await this.quit();
    const leftovers = await listLeftovers({ tag: this.tag, base: this.#base });
    rmSync(this.#base, { recursive: true, force: true });
    assert.deepEqual(leftovers, [], `the dock left something behind; its last words: ${this.#words}`);
  }
}

/** The command that follows has a mount namespace of its own, where these lines lie over /etc/hosts. */
function withHosts(base: string, lines: readonly string[]): readonly string[] {
  const file = `${base}/hosts`;
  writeFileSync(file, `127.0.0.1 localhost\n${lines.join("\n")}\n`);
  const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
  return ["/usr/bin/unshare", "--mount", "--propagation", "slave", "--", "/bin/sh", "-c", script, file];
}

/** By chance, and of other networks in each of the lanes that scripts/run-tests.ts runs side by side. */
function chooseNetwork(): string {
  const lane = Number(process.env.ISC_TEST_LANE ?? 0);
  return `10.${210 + lane * lanePrefixes + randomInt(0, lanePrefixes)}.${randomInt(0, 16) * 16}.0/20`;
}
