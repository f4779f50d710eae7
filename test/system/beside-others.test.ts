/** Beside other tools on one host: nothing of theirs is changed by a dock that comes, works and goes, and podman's and docker's containers and ISCs reach each other as published. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, readEvents } from "./support/events.ts";
import { readHostTraces } from "./support/host-traces.ts";
import { Neighbours } from "./support/neighbours.ts";
import { containerPage, engineNames, findMissingEngine, RivalEngine } from "./support/rival-engine.ts";
import { buildWeb } from "./support/web-blueprint.ts";

const [web, client] = ["web" as Name, "client" as Name];
const hostPort = 18_081;
/** A new link's own IPv6 address is there after a while. */
const settleMs = 2_500;
/** What a careful operator has: sets, a nat chain, a bridge filter, and a forward chain that refuses what nobody named. */
const operatorRules = `table ip site {
	set allowed { type ipv4_addr; elements = { 198.51.100.1, 198.51.100.7 }; }
	map ports { type inet_service : ipv4_addr; elements = { 7000 : 198.51.100.9 }; }
	chain pre { type nat hook prerouting priority dstnat; policy accept; dnat to tcp dport map @ports; }
	chain post { type nat hook postrouting priority srcnat; policy accept; oifname "nowhere" masquerade; }
}
table inet guard {
	chain forward { type filter hook forward priority filter; policy drop; ct state established,related accept; }
}
table bridge quiet {
	chain forward { type filter hook forward priority filter; policy accept; ether type arp accept; }
}
`;

/** An ISC that answers on the host's port 8080, and one that may reach the container's published port. */
async function startIscs(dock: TestDock, hosts: Neighbours): Promise<void> {
  await dock.client.call("create", { name: web, image: await buildWeb(dock, ["network: { listen: [80], expose: { 8080: 80 } }"]) });
  const connect = `network: { listen: [80], connect: ["${hosts.hostAddress}:${hostPort}"] }`;
  await dock.client.call("create", { name: client, image: await buildWeb(dock, [connect]) });
  await dock.client.call("start", { names: [web, client] });
}

async function addressOf(dock: TestDock, name: Name): Promise<string> {
  return (await dock.client.call("list", {})).iscs.find((isc) => isc.name === name)?.address ?? assert.fail(`no ${name}`);
}

test("rules, routes and bridges of others are the same byte for byte while a dock comes, works, is mended and goes", async () => {
  using hosts = new Neighbours();
  const folder = mkdtempSync("/var/tmp/isc-test-rules-");
  using _folder = { [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
  writeFileSync(`${folder}/site.nft`, operatorRules);
  hosts.run("host", ["nft", "-f", `${folder}/site.nft`]);
  for (const words of [
    ["iptables", "-A", "INPUT", "-p", "tcp", "--dport", "9", "-j", "REJECT"],
    ["ip", "link", "add", "site0", "type", "bridge"],
    ["ip", "address", "add", "198.51.100.2/29", "dev", "site0"],
    ["ip", "link", "set", "site0", "up"],
    ["ip", "route", "add", "203.0.113.0/24", "dev", "site0"],
    ["ip", "rule", "add", "fwmark", "7", "table", "77"],
    ["sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"],
  ])
    hosts.run("host", words);
  await sleep(settleMs);
  const none = readHostTraces(hosts, "none");
  {
    await using dock = await TestDock.start({ networkNamespace: hosts.host });
    await startIscs(dock, hosts);
    assert.equal(hosts.curl("other", `http://${hosts.hostAddress}:8080/`), "200");
    assert.equal(readHostTraces(hosts, dock.tag), none, "while it works");
    hosts.run("host", ["nft", "delete", "table", "inet", `isc_${dock.tag}`]);
    await sleep(500);
    assert.equal(hosts.curl("other", `http://${hosts.hostAddress}:8080/`), "200");
    assert.equal(readHostTraces(hosts, dock.tag), none, "after it was mended");
  }
  assert.equal(readHostTraces(hosts, "none"), none, "when it is gone");
});

for (const engineName of engineNames) {
  const missing = findMissingEngine(engineName);
  describe(`beside ${engineName}`, { skip: missing ?? false }, () => {
    let hosts: Neighbours;
    let dock: TestDock;
    let engine: RivalEngine;

    before(async () => {
      hosts = new Neighbours();
      engine = await RivalEngine.start(engineName, hosts.host);
      engine.publish(hostPort);
      dock = await TestDock.start({ networkNamespace: hosts.host });
      await startIscs(dock, hosts);
    });

    after(async () => {
      await dock[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
      assert.equal(spawnSync("ip", ["netns", "pids", hosts.host], { encoding: "utf8" }).stdout, "", "processes are left");
      hosts[Symbol.dispose]();
    });

    const published = () => hosts.curl("other", `http://${hosts.hostAddress}:${hostPort}/`);
    const exposed = () => hosts.curl("other", `http://${hosts.hostAddress}:8080/`);
    const ownTable = () => hosts.run("host", ["nft", "-s", "list", "table", "inet", `isc_${dock.tag}`]);

    test("both answer a neighbour, each on its own port", () => {
      assert.equal(published(), "200");
      assert.equal(exposed(), "200");
    });

    test("an ISC reaches a container by its published port when that is declared, and in no other way", async () => {
      assert.equal(await hosts.connectsFromPin(dock, client, hosts.hostAddress, hostPort), true, "declared");
      assert.equal(await hosts.connectsFromPin(dock, web, hosts.hostAddress, hostPort), false, "not declared");
      assert.equal(await hosts.connectsFromPin(dock, client, engine.address, 80), false, "the container itself");
    });

    test("a container reaches an ISC by its exposed port, and in no other way", async () => {
      assert.match(engine.fetch(`http://${hosts.hostAddress}:8080/`), /<html/i);
      assert.equal(engine.fetch(`http://${await addressOf(dock, web)}:80/`), "");
    });

    test("containers come and go: the dock's table stays, and nothing is told as a stranger's change", async () => {
      const seq = lastSeq(dock);
      const before = ownTable();
      engine.remove();
      assert.equal(exposed(), "200");
      engine.publish(hostPort);
      assert.equal(published(), "200");
      assert.equal(exposed(), "200");
      assert.equal(ownTable().replace(/elements = .*/g, ""), before.replace(/elements = .*/g, ""));
      assert.deepEqual(
        readEvents(dock).filter((event) => event.seq > seq && ["firewall.restored", "firewall.changed"].includes(event.kind)),
        [],
      );
    });

    test("ISCs and the dock go: the engine's rules stay as they were, and its container answers", async () => {
      await sleep(settleMs);
      const during = readHostTraces(hosts, dock.tag);
      await dock.client.call("destroy", { names: [web, client] });
      await dock.quit();
      assert.equal(readHostTraces(hosts, "none"), during);
      assert.equal(published(), "200");
      assert.match(engine.fetch("http://127.0.0.1:80/"), new RegExp(containerPage));
      await dock.launch();
    });
  });
}
