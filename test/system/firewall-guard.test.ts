/** The guard of the dock's table, against a real `nft flush ruleset` on a host of the test's own: closed again at once, told, and nothing slips through. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "../../src/model/event.ts";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, readEvents, waitForEvent } from "./support/events.ts";
import { Neighbours } from "./support/neighbours.ts";
import { buildWeb } from "./support/web-blueprint.ts";

const [web, client] = ["web" as Name, "client" as Name];
/** Another tool's table, which refuses nothing, and for which the kernel goes on tracking connections. */
const otherTable = `table inet other {
	set s {
		type ipv4_addr
		elements = { 198.51.100.1, 198.51.100.2 }
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		ip saddr @s drop
		ct state established counter
	}
}
`;
/** Sends back what comes. */
const echo = `require("node:net").createServer((s) => { s.on("error", () => {}); s.pipe(s); }).listen(Number(process.argv[1]), "::", () => console.log("up"));`;
/** Says once that it is connected; then asks for an echo each time a line comes, and says what came. */
const asker = `
const s = require("node:net").connect({ host: process.argv[1], port: Number(process.argv[2]) });
s.on("connect", () => console.log("connected")); s.on("data", () => console.log("echo")); s.on("error", () => console.log("error"));
process.stdin.on("data", () => s.write("HEAD / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"));`;

describe("the guard of the firewall", () => {
  let hosts: Neighbours;
  let dock: TestDock;
  let table: string;
  let folder: string;

  before(async () => {
    hosts = new Neighbours();
    folder = mkdtempSync("/var/tmp/isc-test-rules-");
    writeFileSync(`${folder}/other.nft`, otherTable);
    dock = await TestDock.start({ networkNamespace: hosts.host });
    table = `isc_${dock.tag}`;
    await dock.client.call("create", { name: web, image: await buildWeb(dock, ["network: { listen: [80], expose: { 8080: 80 } }"]) });
    const connect = `network: { listen: [80], connect: ["${hosts.otherAddress}:9000", "isc:web:80"] }`;
    await dock.client.call("create", { name: client, image: await buildWeb(dock, [connect]) });
    await dock.client.call("start", { names: [web, client] });
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    hosts[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const nft = (...words: readonly string[]) => hosts.run("host", ["nft", ...words]);
  const exposed = () => hosts.curl("other", `http://${hosts.hostAddress}:8080/`);
  const find = async (name: Name) => {
    const found = (await dock.client.call("list", {})).iscs.find((isc) => isc.name === name);
    assert.ok(found);
    return found;
  };
  const told = (seq: number, kind = "firewall.restored") => waitForEvent(dock, (event) => event.kind === kind, 10_000, seq);
  /** While the dock cannot do anything: whatever happens in between, happens while the table is as the stranger left it. */
  const whileHeldUp = async (work: () => Promise<void>) => {
    process.kill(dock.pid, "SIGSTOP");
    try {
      await work();
    } finally {
      process.kill(dock.pid, "SIGCONT");
    }
  };
  /** Rules and elements, without what packets put in. */
  const listing = () => nft("-s", "list", "table", "inet", table).replace(/set (refused|told)_\w+ \{[^{}]*(\{[^{}]*\}[^{}]*)?\}/g, "");

  test("a flushed ruleset is back within milliseconds, and told with who it was", async () => {
    nft("-f", `${folder}/other.nft`);
    const before = listing();
    const seq = lastSeq(dock);
    using open = hosts.openConnection("other", hosts.hostAddress, 8080);
    assert.equal(await open.ask(), true);
    nft("flush", "ruleset");
    const event = await told(seq);
    console.log(`# ${event.message}`);
    const { gone, program, openMs, count, connections } = event.facts;
    assert.deepEqual([event.sensor, event.severity, event.technique], ["firewall", "alert", "T1562.004"]);
    assert.deepEqual([gone, program, count, connections], [true, "nft", 1, 0]);
    assert.ok(Number(openMs) < 500, `open for ${openMs} ms`);
    assert.equal(listing(), before);
    assert.equal(exposed(), "200");
    assert.equal(await open.ask(), true, "a connection from before lives on");
    assert.equal(hosts.run("host", ["nft", "list", "tables"]).trim(), `table inet ${table}`, "nobody else's table is brought back");
    const { findings } = await dock.client.call("verify", {});
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
    );
  });

  test("what an ISC or a neighbour opens meanwhile is cut, and what is allowed is not", async () => {
    const [{ address, address6 }, own] = [await find(web), await find(client)];
    const { pid } = own;
    hosts.routeToIscs(address, address6);
    using _nine = await echoOn(hosts, 9_000);
    using _forbidden = await echoOn(hosts, 9_001);
    nft("-f", `${folder}/other.nft`);
    const seq = lastSeq(dock);
    using opened = new DisposableStack();
    const strays: Asker[] = [];
    using allowed = new Asker(pid, hosts.otherAddress, 9_000);
    assert.equal(await allowed.says("connected"), true);
    await whileHeldUp(async () => {
      nft("delete", "table", "inet", table);
      // The way for answers: the table's masquerading is gone as well.
      hosts.routeToIscs(own.address, own.address6);
      strays.push(opened.use(new Asker(pid, hosts.otherAddress, 9_001)), opened.use(askFrom(hosts, address, 80)));
      for (const stray of strays) {
        assert.equal(await stray.says("connected"), true, "the way is open");
        assert.equal(await stray.ask(), true);
      }
    });
    const event = await told(seq);
    console.log(`# ${event.message}`);
    assert.equal(event.facts.connections, 2);
    for (const stray of strays) assert.equal(await stray.ask(), false);
    assert.equal(await allowed.ask(), true);
    assert.equal(exposed(), "200");
  });

  test("an element or a rule that is taken out, and an element that is put in, are set right", async () => {
    const { address } = await find(web);
    const before = listing();
    const handle = /oifname @quarantined.*# handle (\d+)/.exec(nft("-a", "list", "chain", "inet", table, "inbound"))?.[1];
    const changes: readonly (readonly [words: readonly string[], told: string])[] = [
      [["delete", "element", "inet", table, "expose4", "{ tcp . 8080 }"], "element gone from expose4: 1"],
      [["add", "element", "inet", table, "listen4", `{ ${address} . tcp . 81 }`], "element new in listen4: 1"],
      [["delete", "rule", "inet", table, "inbound", "handle", String(handle)], "rule gone from inbound: 1"],
      [["flush", "chain", "inet", table, "outbound"], "rule gone from outbound: "],
    ];
    for (const [words, part] of changes) {
      await sleep(5_100);
      const seq = lastSeq(dock);
      nft(...words);
      const event = await told(seq);
      assert.equal(event.facts.gone, false);
      assert.ok(JSON.stringify(event.facts.changes).includes(part), `${part} in ${JSON.stringify(event.facts.changes)}`);
      assert.equal(listing(), before, part);
    }
  });

  test("what the dock itself does is no stranger's doing", async () => {
    await sleep(1_000);
    const seq = lastSeq(dock);
    await dock.client.call("expose", { name: web, exposure: { hostPort: 8090, port: 80, protocol: "tcp" } });
    await dock.client.call("unexpose", { name: web, hostPort: 8090, protocol: "tcp" });
    await dock.client.call("restart", { names: [web, client] });
    await sleep(1_000);
    assert.deepEqual(restoredSince(seq), []);
  });

  const restoredSince = (seq: number) => readEvents(dock).filter((event) => event.seq > seq && event.kind === "firewall.restored");

  test("a stranger who does it in a loop is mended all the time and told a few times", async () => {
    await sleep(5_100);
    const seq = lastSeq(dock);
    const rounds = 300;
    hosts.run("host", ["sh", "-c", `i=0; while [ $i -lt ${rounds} ]; do nft flush ruleset; i=$((i+1)); done`]);
    await sleep(6_000);
    nft("-f", `${folder}/other.nft`);
    const events = restoredSince(seq);
    console.log(`# ${events.map(({ message }) => message).join("; ")}`);
    assert.ok(countOf(events) > 10 && events.length <= 6, `${events.length} events`);
    assert.ok(nft("list", "tables").includes(table));
    assert.equal(exposed(), "200");
    assert.equal((await find(web)).status, "running");
  });

  test("a dock that comes back to a host without its table cuts what came about meanwhile", async () => {
    const { pid } = await find(client);
    using _forbidden = await echoOn(hosts, 9_001);
    using open = hosts.openConnection("other", hosts.hostAddress, 8080);
    assert.equal(await open.ask(), true);
    await dock.quit();
    const seq = lastSeq(dock);
    nft("delete", "table", "inet", table);
    using stray = new Asker(pid, hosts.otherAddress, 9_001);
    assert.equal(await stray.says("connected"), true);
    await dock.launch();
    const event = await told(seq);
    console.log(`# ${event.message}`);
    assert.deepEqual([event.facts.gone, event.facts.connections], [true, 1]);
    assert.equal(await stray.ask(), false);
    assert.equal(await open.ask(), true);
  });

  test("a dock that starts again on its own table cuts nothing and tells nothing", async () => {
    const seq = lastSeq(dock);
    using open = hosts.openConnection("other", hosts.hostAddress, 8080);
    assert.equal(await open.ask(), true);
    await dock.quit();
    await dock.launch();
    assert.equal(await open.ask(), true);
    assert.deepEqual(restoredSince(seq), []);
  });

  test("another firewall that begins to refuse forwarding is noticed at once", async () => {
    hosts.run("host", ["iptables", "-P", "FORWARD", "DROP"]);
    const deadline = Date.now() + 3_000;
    while (!hosts.run("host", ["iptables", "-S", "FORWARD"]).includes("ACCEPT") && Date.now() < deadline) await sleep(50);
    assert.equal(exposed(), "200");
    assert.ok(Date.now() < deadline);
    hosts.run("host", ["iptables", "-P", "FORWARD", "ACCEPT"]);
  });

  test("where dock.yaml says so it is told and left", async () => {
    await dock.quit();
    dock.configure("respond: { mode: observe }\nfirewall: { restore: false }");
    await dock.launch();
    const seq = lastSeq(dock);
    nft("flush", "ruleset");
    const event = await told(seq, "firewall.changed");
    assert.deepEqual([event.severity, event.facts.gone], ["critical", true]);
    assert.equal(nft("list", "tables"), "");
    await dock.quit();
    dock.configure("respond: { mode: observe }");
    await dock.launch();
  });
});

function countOf(events: readonly Event[]): number {
  return events.reduce((sum, { facts }) => sum + Number(facts.count), 0);
}

/** A connection that is asked again and again. */
class Asker implements Disposable {
  readonly #child: ChildProcess;
  #said = "";

  constructor(pid: number | undefined, address: string, port: number, prefix = ["nsenter", `--net=/proc/${pid}/ns/net`]) {
    const [program = "", ...words] = [...prefix, process.execPath, "-e", asker, address, String(port)];
    this.#child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdout?.on("data", (text) => {
      this.#said += String(text);
    });
  }

  async says(word: string): Promise<boolean> {
    for (const deadline = Date.now() + 2_000; Date.now() < deadline; await sleep(20)) if (this.#said.includes(word)) return true;
    return false;
  }

  /** Whether an answer comes. */
  ask(): Promise<boolean> {
    this.#said = "";
    this.#child.stdin?.write("\n");
    return this.says("echo");
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}

function askFrom(hosts: Neighbours, address: string, port: number): Asker {
  return new Asker(undefined, address, port, ["ip", "netns", "exec", hosts.other]);
}

async function echoOn(hosts: Neighbours, port: number): Promise<Disposable> {
  const child = spawn("ip", ["netns", "exec", hosts.other, process.execPath, "-e", echo, String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return { [Symbol.dispose]: () => void child.kill("SIGKILL") };
}
