/** What stacks promise of their networks: limits, ways out, the test that proves the rest, and what is found when somebody makes a hole. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { readEvents, waitForEvent } from "./support/events.ts";
import { Neighbours } from "./support/neighbours.ts";
import { renderStack, tier, writeStack } from "./support/stack-files.ts";

const stackName = "shop" as Name;
const app = "shop-app" as Name;
const second = { host: "198.51.100.1", other: "198.51.100.2" };
const far = "203.0.113.5";

describe("the networks of a stack", () => {
  let dock: TestDock;
  let hosts: Neighbours;

  const text = (outward: string) =>
    renderStack({
      networks: `{ back: {}, out: { outward: ${outward} } }`,
      members: {
        app: {
          blueprint: tier({ port: 8000 }),
          keys: `networks: [back, out], connect: ["${hosts.otherAddress}:9000", "${far}:9000"], limits: { packets: 2000, bandwidth: 50Mbit }`,
        },
        db: { blueprint: tier({ port: 5000 }), keys: "networks: [back]" },
      },
      flows: ["{ from: app, to: db, port: 5000, connections: 3, new-connections: 1000, bandwidth: 10Mbit }"],
    });
  const up = (outward: string) => dock.client.call("stack-up", { file: writeStack(dock, text(outward)) });
  const view = async () => {
    const [stack] = (await dock.client.call("stacks", {})).stacks;
    assert.ok(stack);
    return stack;
  };
  const limitedOf = async (name: Name) => (await view()).iscs.find((isc) => isc.name === name)?.traffic?.limitedPackets ?? 0;
  const probesAddress = async (name: string) => (await view()).iscs.find((isc) => isc.name === name)?.interfaces[0]?.address ?? "";
  /** As the ISC itself looks it up. */
  const serviceOfDb = async () => {
    const { pid } = (await dock.client.call("show", { name: app })).summary;
    return /^(\S+) db$/m.exec(readFileSync(`/proc/${pid}/root/etc/hosts`, "utf8"))?.[1] ?? "";
  };

  before(async () => {
    hosts = new Neighbours();
    hosts.join("second", second);
    hosts.run("host", ["ip", "address", "add", "192.0.2.9/24", "dev", hosts.hostLink]);
    hosts.run("other", ["ip", "address", "add", `${far}/32`, "dev", "lo"]);
    dock = await TestDock.start({
      networkNamespace: hosts.host,
      environment: { ISC_NET: "10.251.0.0/16" },
      config: "respond: { mode: observe }\nfirewall: { restore: false }",
    });
    await up("true");
    // Only now: a build would wait for answers from the world.
    hosts.run("host", ["ip", "route", "add", "default", "via", hosts.otherAddress]);
    hosts.run("host", ["ip", "route", "add", "default", "via", second.other, "dev", "second", "metric", "500"]);
  });
  after(async () => {
    await dock[Symbol.asyncDispose]();
    assert.doesNotMatch(hosts.run("host", ["ip", "rule"]), /10\.251/);
    hosts[Symbol.dispose]();
  });

  test("a limit on connections holds for each ISC of a flow, and what it refuses is counted and told", async () => {
    const db = await hosts.runInPin(dock, app, [process.execPath, "-e", dial, await serviceOfDb(), "5000", "8"]);
    assert.equal(db, "3");
    const flow = (await view()).flows.find(({ to }) => to.kind === "isc");
    assert.ok(flow && flow.limited >= 5, JSON.stringify(flow));
    const event = await waitForEvent(dock, ({ kind }) => kind === "firewall.limited");
    assert.equal(event.isc, app);
  });

  test("packets beyond a limit are refused, and counted for the ISC", async () => {
    const before = await limitedOf(app);
    await hosts.runInPin(dock, app, [process.execPath, "-e", flood, hosts.otherAddress, "9000", "8000"]);
    assert.ok((await limitedOf(app)) - before > 1_000, `${await limitedOf(app)}`);
  });

  test("bandwidth is shaped at both ends of the link, with a class for the flow", async () => {
    const link = (await view()).iscs.find(({ name }) => name === app)?.interfaces[0]?.link ?? "";
    const classes = hosts.run("host", ["tc", "class", "show", "dev", link]);
    assert.match(classes, /class htb 15:1 root .*ceil 50Mbit/);
    assert.match(classes, /class htb 15:10 parent 15:1 .*ceil 10Mbit/);
    assert.match(await hosts.runInPin(dock, app, ["tc", "qdisc", "show", "dev", "eth0"]), /qdisc htb 15: root/);
  });

  test("a changed limit is in force without a new instance, and one that is gone leaves the link alone", async () => {
    const pid = async () => (await dock.client.call("show", { name: app })).summary.pid;
    const before = await pid();
    await dock.client.call("stack-up", { file: writeStack(dock, text("true").replace("connections: 3", "connections: 5")) });
    assert.equal(await hosts.runInPin(dock, app, [process.execPath, "-e", dial, await serviceOfDb(), "5000", "8"]), "5");
    await dock.client.call("stack-up", { file: writeStack(dock, text("true").replaceAll(/, bandwidth: \w+/g, "")) });
    assert.doesNotMatch(hosts.run("host", ["tc", "qdisc", "show"]), /htb/);
    await up("true");
    assert.equal(await pid(), before);
  });

  test("what leaves goes by the host's own way, under an address of it, or by an interface, as the file says", async () => {
    using _listening = hosts.listen("other", 9000);
    const heardFrom = async (address: string) =>
      (await hosts.runInPin(dock, app, [process.execPath, "-e", ask, address, "9000"])).replace("::ffff:", "");
    assert.equal(await heardFrom(hosts.otherAddress), hosts.hostAddress);
    assert.equal(await heardFrom(far), hosts.hostAddress);
    await up("192.0.2.9");
    assert.equal(await heardFrom(hosts.otherAddress), "192.0.2.9");
    await up("{ interface: second }");
    assert.equal(await heardFrom(far), second.host);
    hosts.run("host", ["ip", "link", "set", "second", "down"]);
    // It never falls back to the host's own way.
    assert.equal(await heardFrom(far), "");
    hosts.run("host", ["ip", "link", "set", "second", "up"]);
    await up("true");
    assert.equal(await heardFrom(far), hosts.hostAddress);
    assert.doesNotMatch(hosts.run("host", ["ip", "rule"]), /10\.251/);
  });

  test("the test of networks finds everything as declared, tells no attack, and finds a hole", async () => {
    const test = () => dock.client.call("network-test", { stack: stackName });
    const { probes } = await test();
    const differing = (all: typeof probes) =>
      all.filter(({ expected, seen }) => expected !== seen).map(({ from, to, what, seen }) => `${from} ${to} ${what} ${seen}`);
    assert.deepEqual(differing(probes), []);
    assert.ok(probes.some(({ seen }) => seen === "passes") && probes.length > 60);
    const kinds = new Set(probes.map(({ what }) => what));
    for (const what of ["spoofed address", "spoofed mac", "router advertisement"])
      assert.ok(
        [...kinds].some((kind) => kind.includes(what)),
        [...kinds].join(" | "),
      );
    const [from, to] = ["shop-db", app].map((name) => probesAddress(name));
    hosts.run("host", ["nft", "add", "element", "inet", `isc_${dock.tag}`, "connect4", `{ ${await from} . ${await to} . tcp . 8000 }`]);
    hosts.run("host", ["nft", "add", "element", "inet", `isc_${dock.tag}`, "listen4", `{ ${await to} . tcp . 8000 }`]);
    assert.deepEqual(differing((await test()).probes), ["shop-db shop-app tcp 8000 (own address) passes"]);
    const { findings } = await dock.client.call("verify", {});
    assert.ok(findings.some(({ row, verdict }) => row === "net.outbound" && verdict === "FAIL"));
    await dock.quit();
    await dock.launch();
    assert.deepEqual(differing((await test()).probes), []);
    const scans = readEvents(dock).filter(({ kind }) => kind === "firewall.scan");
    assert.deepEqual(
      scans.map(({ message }) => message),
      [],
    );
  });
});

/** How many of so many connections are open at the same time. */
const dial = `
const [host, port, count] = process.argv.slice(1); let open = 0;
for (let i = 0; i < Number(count); i++) require("node:net").connect({ host, port: Number(port) }).on("connect", () => open++).on("error", () => {});
setTimeout(() => { console.log(open); process.exit(0); }, 1500);`;

/** What the other end says first; nothing when nobody is reached. */
const ask = `
const [host, port] = process.argv.slice(1); const s = require("node:net").connect({ host, port: Number(port) });
s.on("data", (d) => { process.stdout.write(d); process.exit(0); }); s.on("error", () => process.exit(0)); setTimeout(() => process.exit(0), 1500);`;

const flood = `
const [host, port, count] = process.argv.slice(1); const s = require("node:dgram").createSocket("udp4"); let sent = 0;
const more = () => { for (let i = 0; i < 100; i++) s.send("x", Number(port), host); sent += 100; if (sent < Number(count)) setImmediate(more); else setTimeout(() => process.exit(0), 200); };
more();`;
