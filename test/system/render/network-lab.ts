/** Four network namespaces: a host with two ISCs behind it and another host beside it. Everything is undone by `using`. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { identityOfSlot, linkPrefix, parseDockIdentity, type SlotIdentity } from "../../../src/model/identity.ts";

const tag = process.pid.toString(16).padStart(4, "0").slice(-4);
const parsed = parseDockIdentity(tag, "10.201.0.0/16");
assert(parsed);
export const dock = parsed;
export const one = identityOfSlot(dock, 1);
export const two = identityOfSlot(dock, 2);
/** The other host and ours on their common network. */
export const other = { address: "192.0.2.2", address6: "2001:db8:0:1::2" };
export const host = { address: "192.0.2.1", address6: "2001:db8:0:1::1" };

const names = { host: `ih${tag}`, one: `i1${tag}`, two: `i2${tag}`, other: `io${tag}` };
export type Place = keyof typeof names;
const agent = join(import.meta.dirname, "lab-agent.ts");

export class NetworkLab implements Disposable {
  readonly #children: ChildProcess[] = [];

  constructor() {
    for (const name of Object.values(names)) ip("netns", "add", name);
    try {
      this.#wire();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  run(place: Place, program: string, ...words: readonly string[]): string {
    return run("ip", ["netns", "exec", names[place], program, ...words]);
  }

  nft(commands: string): void {
    if (commands !== "") run("ip", ["netns", "exec", names.host, "nft", "-f", "-"], commands);
  }

  listing(...what: readonly string[]): unknown {
    return JSON.parse(this.run("host", "nft", "-j", "list", ...what));
  }

  /** "open ADDRESS" with the address that the server saw, "timeout", or the error's text. */
  ask(place: Place, address: string, port: number, protocol = "tcp", from?: string): string {
    return this.run(place, process.execPath, agent, "ask", address, String(port), protocol, ...(from === undefined ? [] : [from]));
  }

  async serve(place: Place, ...ports: readonly number[]): Promise<void> {
    const child = this.#start(place, ["serve", ...ports.map(String)]);
    assert(child.stdout);
    await once(child.stdout, "data");
  }

  hold(place: Place, address: string, port: number): ChildProcess {
    return this.#start(place, ["hold", address, String(port)]);
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const name of Object.values(names)) spawnSync("ip", ["netns", "del", name]);
  }

  #start(place: Place, words: readonly string[]): ChildProcess {
    const child = spawn("ip", ["netns", "exec", names[place], process.execPath, agent, ...words], { stdio: ["pipe", "pipe", "inherit"] });
    this.#children.push(child);
    return child;
  }

  #wire(): void {
    for (const place of ["host", "one", "two", "other"] as const) this.run(place, "ip", "link", "set", "lo", "up");
    this.run("host", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    ip("link", "add", "outside", "netns", names.host, "type", "veth", "peer", "name", "outside", "netns", names.other);
    this.#address("host", "outside", `${host.address}/24`, `${host.address6}/64`);
    this.#address("other", "outside", `${other.address}/24`, `${other.address6}/64`);
    this.run("host", "ip", "address", "add", `${one.gateway}/32`, "dev", "lo");
    this.run("host", "ip", "address", "add", `${dock.prefix6}::1/128`, "dev", "lo");
    this.#connect("one", one);
    this.#connect("two", two);
    // The other host could send to ISCs directly, if only it were let.
    this.run("other", "ip", "route", "add", "10.201.0.0/16", "via", host.address);
    this.run("other", "ip", "-6", "route", "add", `${dock.prefix6}::/64`, "via", host.address6);
  }

  #connect(place: Place, identity: SlotIdentity): void {
    const metric = String(4000 + (place === "one" ? 1 : 2));
    ip("link", "add", identity.link, "netns", names.host, "type", "veth", "peer", "name", "eth0", "netns", names[place]);
    this.run(place, "ip", "link", "set", "eth0", "address", identity.interfaces[0].mac);
    this.#address("host", identity.link, undefined, `${identity.gateway6}/64`);
    this.#address(place, "eth0", `${identity.address}/32`, `${identity.address6}/128`);
    this.run("host", "sysctl", "-qw", `net.ipv4.conf.${identity.link}.route_localnet=1`);
    this.run("host", "ip", "-6", "route", "add", "local", "::1/128", "dev", identity.link, "table", "local", "metric", metric);
    this.run("host", "ip", "route", "add", `${identity.address}/32`, "dev", identity.link);
    this.run("host", "ip", "-6", "route", "add", `${identity.address6}/128`, "dev", identity.link);
    this.run(place, "ip", "route", "add", identity.gateway, "dev", "eth0");
    this.run(place, "ip", "route", "add", "default", "via", identity.gateway);
    this.run(place, "ip", "-6", "route", "add", "default", "via", identity.gateway6, "dev", "eth0");
  }

  #address(place: Place, link: string, address: string | undefined, address6: string): void {
    if (address !== undefined) this.run(place, "ip", "address", "add", address, "dev", link);
    this.run(place, "ip", "address", "add", address6, "dev", link, "nodad");
    this.run(place, "ip", "link", "set", link, "up");
  }
}

/** Namespaces and links of the lab that are still there. */
export function listLeaks(): readonly string[] {
  const namespaces = run("ip", ["netns", "list"]).split("\n");
  const links = run("ip", ["-brief", "link"]).split("\n");
  return [
    ...namespaces.filter((line) => Object.values(names).some((name) => line.startsWith(name))),
    ...links.filter((line) => line.startsWith(linkPrefix(dock))),
  ];
}

function ip(...words: readonly string[]): void {
  run("ip", words);
}

function run(program: string, words: readonly string[], input?: string): string {
  const result = spawnSync(program, words, { encoding: "utf8", ...(input === undefined ? {} : { input }) });
  assert.equal(result.status, 0, `${program} ${words.join(" ")}: ${result.error?.message ?? result.stderr}`);
  return result.stdout;
}
