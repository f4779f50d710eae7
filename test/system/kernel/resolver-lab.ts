/** A network namespace for a resolver and one for the ISCs that ask it, joined by a veth pair. Everything is undone by `using`. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { renderResolverRuleset } from "../../../src/render/nft-resolver.ts";

const tag = process.pid.toString(16).padStart(4, "0").slice(-4);
const resolverName = `isd${tag}`;
const askersName = `isq${tag}`;
/** Of nobody else. */
export const resolverUid = 0x6fff_0035;

export const resolver4 = "10.213.0.1";
export const resolver6 = "fd15:c0de:213::1";
/** The addresses of three ISCs. */
export const web = { source: "10.213.0.11", source6: "fd15:c0de:213::11" };
export const app = { source: "10.213.0.12", source6: "fd15:c0de:213::12" };
/** One that the resolver does not know. */
export const stranger = { source: "10.213.0.13", source6: "fd15:c0de:213::13" };

export class ResolverLab implements Disposable {
  readonly pin = `/run/netns/${resolverName}`;
  readonly #children: ChildProcess[] = [];

  constructor() {
    try {
      for (const name of [resolverName, askersName]) run("ip", ["netns", "add", name]);
      this.#wire();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Runs in the namespace of the resolver. */
  inside(program: string, words: readonly string[], input?: string): string {
    return run("ip", ["netns", "exec", resolverName, program, ...words], input);
  }

  /** Starts Node on a file of this folder where the ISCs are. */
  startAsker(file: string): ChildProcess {
    const path = join(import.meta.dirname, file);
    const child = spawn("ip", ["netns", "exec", askersName, process.execPath, path], { stdio: ["pipe", "pipe", "inherit"] });
    this.#children.push(child);
    return child;
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const name of [resolverName, askersName]) spawnSync("ip", ["netns", "del", name]);
  }

  #wire(): void {
    this.inside("sysctl", ["-qw", "net.ipv4.ip_unprivileged_port_start=0"]);
    run("ip", ["link", "add", "dns", "netns", resolverName, "type", "veth", "peer", "name", "eth0", "netns", askersName]);
    this.inside("nft", ["-f", "-"], renderResolverRuleset());
    this.#address(resolverName, "dns", `${resolver4}/24`, `${resolver6}/64`);
    for (const { source, source6 } of [web, app, stranger]) this.#address(askersName, "eth0", `${source}/24`, `${source6}/64`);
  }

  #address(name: string, link: string, ...addresses: readonly string[]): void {
    for (const address of addresses) {
      const nodad = address.includes(":") ? ["nodad"] : [];
      run("ip", ["-n", name, "address", "add", address, "dev", link, ...nodad]);
    }
    for (const one of ["lo", link]) run("ip", ["-n", name, "link", "set", one, "up"]);
  }
}

function run(program: string, words: readonly string[], input?: string): string {
  const result = spawnSync(program, words, { encoding: "utf8", ...(input === undefined ? {} : { input }) });
  assert.equal(result.status, 0, `${program} ${words.join(" ")}: ${result.error?.message ?? result.stderr}`);
  return result.stdout;
}
