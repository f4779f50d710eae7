/** Two hosts of a test's own, as network namespaces joined by a veth pair: one carries the dock, the other is its neighbour. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Name } from "../../../src/model/name.ts";
import type { TestDock } from "./dock.ts";

type Side = "host" | "other";

/** Says whom it hears from, and nothing else. */
const listener = `require("node:net").createServer((s) => { s.on("error", () => {}); s.write(s.remoteAddress + "\\n"); }).listen({port: Number(process.argv[1]), host: "::"})`;
const connector = `
const s = require("node:net").connect({host: process.argv[1], port: Number(process.argv[2]), localAddress: process.argv[3]});
s.setTimeout(1200, () => process.exit(1)); s.on("error", () => process.exit(1)); s.on("connect", () => process.exit(0));`;
/** One keep-alive connection: asks for the page each time a line comes, and says whether the same connection answered. */
const keeper = `
const s = require("node:net").connect({host: process.argv[1], port: Number(process.argv[2])});
s.on("data", (d) => { if (String(d).startsWith("HTTP/1.1 200")) console.log("ok"); }); s.on("close", () => process.exit(1)); s.on("error", () => process.exit(1));
process.stdin.on("data", () => s.write("HEAD / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"));`;

export class Neighbours implements Disposable {
  readonly #tag = randomBytes(3).toString("hex");
  readonly host = `isct-h-${this.#tag}`;
  readonly other = `isct-o-${this.#tag}`;
  readonly hostAddress = "192.0.2.1";
  readonly hostAddress6 = "2001:db8:1::1";
  readonly otherAddress = "192.0.2.2";

  constructor() {
    const end = { host: `h${this.#tag}`, other: `o${this.#tag}` };
    for (const name of [this.host, this.other]) ip("netns", "add", name);
    ip("link", "add", end.host, "netns", this.host, "type", "veth", "peer", "name", end.other, "netns", this.other);
    this.#configure(this.host, end.host, this.hostAddress, this.hostAddress6);
    this.#configure(this.other, end.other, this.otherAddress, "2001:db8:1::2");
  }

  #configure(name: string, link: string, address: string, address6: string): void {
    ip("-n", name, "link", "set", "lo", "up");
    ip("-n", name, "addr", "add", `${address}/24`, "dev", link);
    ip("-n", name, "addr", "add", `${address6}/64`, "dev", link, "nodad");
    ip("-n", name, "link", "set", link, "up");
  }

  /** The host's link to the other. */
  get hostLink(): string {
    return `h${this.#tag}`;
  }

  /** One more link between the two. */
  join(link: string, { host, other }: { readonly host: string; readonly other: string }): void {
    ip("link", "add", link, "netns", this.host, "type", "veth", "peer", "name", link, "netns", this.other);
    for (const [name, address] of [
      [this.host, host],
      [this.other, other],
    ] as const) {
      ip("-n", name, "addr", "add", `${address}/24`, "dev", link);
      ip("-n", name, "link", "set", link, "up");
    }
  }

  #name(side: Side): string {
    return side === "host" ? this.host : this.other;
  }

  run(side: Side, command: readonly string[]): string {
    const result = spawnSync("ip", ["netns", "exec", this.#name(side), ...command], { encoding: "utf8" });
    assert.equal(result.status, 0, `${command.join(" ")}: ${result.stderr}`);
    return result.stdout;
  }

  /** The status code, "000" when nothing answered within two seconds. */
  curl(side: Side, url: string): string {
    const words = ["curl", "-s", "-g", "-o", "/dev/stderr", "-m", "2", "-w", "%{http_code}", url];
    return spawnSync("ip", ["netns", "exec", this.#name(side), ...words], { encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] }).stdout;
  }

  routeToIscs(address: string, address6: string): void {
    ip("-n", this.other, "route", "add", `${address}/32`, "via", this.hostAddress);
    ip("-n", this.other, "route", "add", `${address6}/128`, "via", this.hostAddress6);
  }

  listen(side: Side, port: number): Disposable {
    return this.serve(side, listener, [String(port)], port);
  }

  /** A program of Node's, with its words: served once it listens on the port. */
  serve(side: Side, program: string, words: readonly string[], port: number): Disposable {
    const child = this.#node(side, program, words);
    waitUntilListening(child, port);
    return { [Symbol.dispose]: () => void child.kill("SIGKILL") };
  }

  /** From inside an ISC's network namespace, as its processes would. */
  async connectsFromPin(dock: TestDock, name: Name, address: string, port: number, from?: string): Promise<boolean> {
    const words = [process.execPath, "-e", connector, address, String(port), ...(from === undefined ? [] : [from])];
    return (await this.#inPin(dock, name, words)).status === 0;
  }

  /** Breaks an ISC's network as only the host could: its own ::1 leads to the gateway. A new start makes it whole. */
  async leadLoopback6Out(dock: TestDock, name: Name): Promise<void> {
    for (const words of [
      ["link", "set", "lo", "down"],
      ["-6", "route", "add", "::1/128", "via", "fe80::1", "dev", "eth0"],
    ]) {
      const { status, stderr } = await this.#inPin(dock, name, ["ip", ...words]);
      assert.equal(status, 0, stderr);
    }
  }

  /** What a program says that runs in an ISC's network, outside of everything else of it. */
  async runInPin(dock: TestDock, name: Name, words: readonly string[]): Promise<string> {
    return (await this.#inPin(dock, name, words)).stdout.trim();
  }

  async #inPin(dock: TestDock, name: Name, words: readonly string[]) {
    const iscs = (await dock.client.call("list", {})).iscs;
    const pid = iscs.find((isc) => isc.name === name)?.pid;
    return spawnSync("nsenter", [`--net=/proc/${pid}/ns/net`, ...words], { encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
  }

  openConnection(side: Side, address: string, port: number): Disposable & { ask(): Promise<boolean> } {
    const child = this.#node(side, keeper, [address, String(port)]);
    return {
      ask: () =>
        new Promise((resolve) => {
          const timer = setTimeout(() => resolve(false), 2_000);
          child.stdout?.once("data", () => {
            clearTimeout(timer);
            resolve(true);
          });
          child.stdin?.write("\n");
        }),
      [Symbol.dispose]: () => void child.kill("SIGKILL"),
    };
  }

  #node(side: Side, program: string, words: readonly string[]): ChildProcess {
    return spawn("ip", ["netns", "exec", this.#name(side), process.execPath, "-e", program, ...words], {
      stdio: ["pipe", "pipe", "inherit"],
    });
  }

  [Symbol.dispose](): void {
    for (const name of [this.host, this.other]) spawnSync("ip", ["netns", "delete", name]);
  }
}

function ip(...words: readonly string[]): void {
  const result = spawnSync("ip", words, { encoding: "utf8" });
  assert.equal(result.status, 0, `ip ${words.join(" ")}: ${result.stderr}`);
}

/** Asks the kernel, since the child's own word would need this process's event loop. */
function waitUntilListening(child: ChildProcess, port: number): void {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; ) {
    const { stdout } = spawnSync("nsenter", [`--net=/proc/${child.pid}/ns/net`, "ss", "-Hltn"], { encoding: "utf8" });
    if (stdout.includes(`:${port} `)) return;
  }
  assert.fail(`nobody listens on ${port}`);
}
