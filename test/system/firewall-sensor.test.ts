/** The firewall sensor on real packets: what is refused is told, to whom it belongs, once, and counted to the last packet. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { readDockSettings } from "../../src/dock/settings.ts";
import type { Event } from "../../src/model/event.ts";
import { tableName } from "../../src/model/identity.ts";
import type { Name } from "../../src/model/name.ts";
import { logGroupOf, parseRefusalCounts, renderRefusalListings } from "../../src/render/nft-ruleset-refusals.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, readEvents, waitForEvent } from "./support/events.ts";
import { Neighbours } from "./support/neighbours.ts";
import { buildWeb } from "./support/web-blueprint.ts";

const [web, noisy] = ["web" as Name, "noisy" as Name];

/** UDP to one port, as fast as it goes. */
const flooder = `
const s = require("node:dgram").createSocket("udp4"); s.on("error", () => {}); s.connect(9, process.argv[1], () => {
let left = Number(process.argv[2]); const next = () => { if (left-- <= 0) return s.close(); s.send("x", () => left % 50 === 0 ? setImmediate(next) : next()); }; next(); });`;
const scanner = `
const s = require("node:dgram").createSocket("udp4"); s.on("error", () => {});
let port = 1000; const next = () => { if (port++ >= 1040) return s.close(); s.send("x", port, process.argv[1], next); }; next();`;

describe("the firewall sensor", () => {
  let hosts: Neighbours;
  let dock: TestDock;

  before(async () => {
    hosts = new Neighbours();
    dock = await TestDock.start({ networkNamespace: hosts.host });
    const image = await buildWeb(dock, []);
    for (const name of [web, noisy]) await dock.client.call("create", { name, image });
    await dock.client.call("start", { names: [web, noisy] });
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    hosts[Symbol.dispose]();
  });

  const find = async (name: Name) => {
    const found = (await dock.client.call("list", {})).iscs.find((isc) => isc.name === name);
    assert.ok(found);
    return found;
  };
  const inside = async (name: Name, ...words: readonly string[]) => {
    const result = spawnSync("nsenter", [`--net=/proc/${(await find(name)).pid}/ns/net`, ...words], { encoding: "utf8" });
    assert.equal(result.status, 0, result.stderr);
  };
  const told = (kind: string, isc: Name, seq: number, also: (event: Event) => boolean = () => true) =>
    waitForEvent(dock, (event) => event.kind === kind && event.isc === isc && also(event), 30_000, seq);

  test("an outbound connection that nobody declared is told with who, where and what", async () => {
    const seq = lastSeq(dock);
    assert.equal(await hosts.connectsFromPin(dock, web, hosts.otherAddress, 4_444), false);
    const event = await told("firewall.refused", web, seq);
    const { address } = await find(web);
    const { direction, source, destination, protocol, port, flags } = event.facts;
    assert.deepEqual([direction, source, destination, protocol, port, flags], ["out", address, hosts.otherAddress, "tcp", 4_444, "SYN"]);
    assert.deepEqual([event.sensor, event.severity, event.technique], ["firewall", "warning", "T1071"]);
  });

  test("the metadata address and a neighbour ISC are told as what they are", async () => {
    const seq = lastSeq(dock);
    await hosts.connectsFromPin(dock, web, "169.254.169.254", 80);
    assert.equal((await told("firewall.refused", web, seq, ({ facts }) => facts.port === 80)).technique, "T1552.005");
    await hosts.connectsFromPin(dock, web, (await find(noisy)).address, 22);
    assert.equal((await told("firewall.refused", web, seq, ({ facts }) => facts.port === 22)).technique, "T1046");
  });

  test("a packet under another's address is told with the ISC whose link it came through", async () => {
    const seq = lastSeq(dock);
    await inside(web, "ip", "address", "add", "203.0.113.7/32", "dev", "eth0");
    await hosts.connectsFromPin(dock, web, hosts.otherAddress, 80, "203.0.113.7");
    await inside(web, "ip", "address", "del", "203.0.113.7/32", "dev", "eth0");
    const event = await told("firewall.refused", web, seq, ({ facts }) => facts.direction === "spoof");
    assert.deepEqual([event.facts.source, event.severity, event.technique], ["203.0.113.7", "alert", "T1557"]);
  });

  test("who reaches for a port that is not exposed is told as inbound", async () => {
    const seq = lastSeq(dock);
    const { address, address6 } = await find(web);
    hosts.routeToIscs(address, address6);
    for (const url of [`http://${address}:81/`, `http://[${address6}]:81/`]) hosts.curl("other", url);
    const event = await told("firewall.refused", web, seq, ({ facts }) => facts.source === hosts.otherAddress);
    assert.deepEqual([event.facts.direction, event.facts.port, event.severity], ["in", 81, "notice"]);
    await told("firewall.refused", web, seq, ({ facts }) => facts.destination === address6);
  });

  test("a scan is one event, however many ports", async () => {
    const seq = lastSeq(dock);
    await inside(web, process.execPath, "-e", scanner, hosts.otherAddress);
    const scan = await told("firewall.scan", web, seq);
    assert.deepEqual([scan.severity, scan.technique], ["alert", "T1046"]);
    const rest = await told("firewall.scan", web, scan.seq);
    assert.ok(Number(rest.facts.kinds) >= 40, String(rest.facts.kinds));
    const single = readEvents(dock).filter((event) => event.seq > seq && event.kind === "firewall.refused" && event.isc === web);
    assert.ok(single.length <= 20, String(single.length));
  });

  test("a flood of one hides no other's packet, and is counted exactly", async () => {
    const seq = lastSeq(dock);
    const flood = inside(noisy, process.execPath, "-e", flooder, hosts.otherAddress, "20000");
    await hosts.connectsFromPin(dock, web, hosts.otherAddress, 5_555);
    await flood;
    await told("firewall.refused", web, seq, ({ facts }) => facts.port === 5_555);
    await told("firewall.counted", noisy, seq);
    await told("firewall.refused", noisy, seq, ({ facts }) => Number(facts.count) > 1);
    const own = readEvents(dock).filter((event) => event.seq > seq && event.isc === noisy);
    assert.ok(own.length < 12, `${own.length} events for a flood`);
    const named = sum(own.filter(({ kind }) => kind === "firewall.refused").map(({ facts }) => facts.count));
    const untold = sum(own.filter(({ kind }) => kind === "firewall.counted").map(({ facts }) => facts.untold));
    const counted = await countOf(noisy);
    console.log(`# of ${counted} refused packets ${named} told by name, ${untold} by number`);
    assert.ok(counted >= 15_000);
    assert.equal(named + untold, counted);
  });

  const countOf = async (name: Name) => {
    const { identity } = readDockSettings(dock.environment);
    const listings = renderRefusalListings(tableName(identity)).map((command) => JSON.parse(hosts.run("host", ["nft", "-j", command])));
    const link = [...(parseRefusalCounts(listings).get("out") ?? [])].find(([key]) => key.endsWith(`-${slotOf(name)}`));
    return link?.[1] ?? 0;
  };
  /** In the order they were created. */
  const slotOf = (name: Name) => (name === web ? 1 : 2);

  test("a group that another program reads leaves the counters, and that is told", async () => {
    await dock.quit();
    const seq = lastSeq(dock);
    using _rival = rivalReader(hosts, logGroupOf(readDockSettings(dock.environment).identity));
    await dock.launch();
    const missing = await waitForEvent(dock, ({ kind, sensor }) => kind === "sensor.missing" && sensor === "firewall", 10_000, seq);
    assert.match(String(missing.facts.reason), /log group/);
    await inside(web, process.execPath, "-e", flooder, hosts.otherAddress, "5");
    assert.equal((await told("firewall.counted", web, seq)).facts.untold, 5);
  });
});

/** A program that reads the group: until it ends. */
function rivalReader(hosts: Neighbours, group: number): Disposable {
  const program = `
    import(${JSON.stringify(new URL("../../src/host/netfilter.ts", import.meta.url).href)})
      .then(({ startNetfilter }) => startNetfilter({ log: { group: ${group}, copyBytes: 0 } }, { onMessage() {}, onEnd() {} }))
      .then(() => setInterval(() => {}, 1000));`;
  const child = spawn("ip", ["netns", "exec", hosts.host, process.execPath, "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const { stdout } = spawnSync("ip", ["netns", "exec", hosts.host, "cat", "/proc/net/netfilter/nfnetlink_log"], { encoding: "utf8" });
    if (new RegExp(`^\\s*${group}\\s`, "m").test(stdout)) return { [Symbol.dispose]: () => void child.kill("SIGKILL") };
  }
  return assert.fail(`nobody reads group ${group}`);
}

function sum(values: readonly unknown[]): number {
  return values.reduce<number>((total, value) => total + Number(value), 0);
}
