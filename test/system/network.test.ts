/** A dock on a host of the test's own (a network namespace), with a neighbour beside it: what reaches an ISC, and what an ISC reaches. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Name } from "../../src/model/name.ts";
import { blueprintPath } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { Neighbours } from "./support/neighbours.ts";

const web = "web" as Name;
const client = "client" as Name;
/** How long the dock may take to notice another firewall: its clock goes every ten seconds. */
const noticeMs = 15_000;

describe("the network of an ISC", () => {
  let hosts: Neighbours;
  let dock: TestDock;
  let folder: string;

  before(async () => {
    hosts = new Neighbours();
    dock = await TestDock.start({ networkNamespace: hosts.host });
    folder = mkdtempSync("/var/tmp/isc-test-blueprint-");
    const text = readFileSync(blueprintPath("nginx"), "utf8");
    const { digest } = await dock.client.call("build", { blueprint: blueprintPath("nginx") });
    await dock.client.call("create", { name: web, image: digest });
    // The same service, allowed to reach two places: the neighbour's port 9000, and the other ISC.
    const connecting = text
      .replace(/^name: .*$/m, "name: client")
      .replace(/^(\s+)expose:.*$/m, `$1connect: ["${hosts.otherAddress}:9000", "isc:web:80"]`);
    for (const name of ["site.conf", "html"]) spawnSync("cp", ["-a", path.join(path.dirname(blueprintPath("nginx")), name), folder]);
    writeFileSync(`${folder}/client.yaml`, connecting);
    const built = await dock.client.call("build", { blueprint: `${folder}/client.yaml` });
    await dock.client.call("create", { name: client, image: built.digest });
    await dock.client.call("start", { names: [web, client] });
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    hosts[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const addressOf = async (name: Name) => {
    const found = (await dock.client.call("list", {})).iscs.find((isc) => isc.name === name);
    assert.ok(found);
    return found;
  };
  /** Whether a TCP connection is made from inside an ISC. bash is in no slim image, so perl or nginx's own tools cannot be counted on: the host enters its network. */
  const connects = (name: Name, address: string, port: number, from?: string) => hosts.connectsFromPin(dock, name, address, port, from);

  test("an exposed port answers a neighbour and the host itself, over IPv4 and IPv6", async () => {
    for (const url of [`http://${hosts.hostAddress}:8080/`, `http://[${hosts.hostAddress6}]:8080/`]) {
      assert.equal(hosts.curl("other", url), "200", `neighbour to ${url}`);
      assert.equal(hosts.curl("host", url), "200", `host to ${url}`);
    }
    for (const loopback of ["127.0.0.1", "[::1]"]) assert.equal(hosts.curl("host", `http://${loopback}:8080/`), "200", loopback);
  });

  test("a dock that takes running ISCs over gives back what their exposure on [::1] rests on", async () => {
    await dock.quit();
    const routes = () => hosts.run("host", ["ip", "-6", "route", "show", "table", "local", "::1"]).trim().split("\n").slice(1);
    assert.equal(routes().length, 2, "one for each running ISC");
    for (const route of routes()) hosts.run("host", ["ip", "-6", "route", "del", ...route.trim().split(" ").slice(0, 4), "table", "local"]);
    assert.equal(hosts.curl("host", "http://[::1]:8080/"), "000");
    await dock.launch();
    assert.equal(hosts.curl("host", "http://[::1]:8080/"), "200");
    await dock.client.call("stop", { names: [client] });
    assert.equal(routes().length, 1, "it ends with its link");
    await dock.client.call("start", { names: [client] });
  });

  test("a service on the host's own [::1] is out of reach, even for an ISC whose ::1 leads to the host", async () => {
    using _service = hosts.listen("host", 9_003);
    await hosts.leadLoopback6Out(dock, client);
    const { address6 } = await addressOf(client);
    for (const port of [9_003, 8_080]) assert.equal(await connects(client, "::1", port, address6), false, String(port));
    await dock.client.call("restart", { names: [client] });
  });

  test("a neighbour that knows the way to an ISC's own address gets no answer", async () => {
    const { address, address6 } = await addressOf(web);
    hosts.routeToIscs(address, address6);
    assert.equal(hosts.curl("other", `http://${address}:80/`), "000");
    assert.equal(hosts.curl("other", `http://[${address6}]:80/`), "000");
  });

  test("an ISC reaches what it declared and nothing else, not even its host", async () => {
    using _nine = hosts.listen("other", 9_000);
    using _other = hosts.listen("other", 9_001);
    using _host = hosts.listen("host", 9_002);
    const { address } = await addressOf(web);
    assert.equal(await connects(client, hosts.otherAddress, 9_000), true, "declared address");
    assert.equal(await connects(client, address, 80), true, "declared ISC");
    assert.equal(await connects(client, hosts.otherAddress, 9_001), false, "another port");
    assert.equal(await connects(client, hosts.hostAddress, 9_002), false, "the host");
    assert.equal(await connects(web, hosts.otherAddress, 9_000), false, "an ISC that declared nothing");
    assert.equal(await connects(web, (await addressOf(client)).address, 80), false, "an ISC that was not named");
  });

  test("exposing and unexposing one port leaves an open connection through another alone", async () => {
    using open = hosts.openConnection("other", hosts.hostAddress, 8080);
    assert.equal(await open.ask(), true);
    const exposure = { hostPort: 8090, port: 80, protocol: "tcp" } as const;
    await dock.client.call("expose", { name: web, exposure });
    assert.equal(hosts.curl("other", `http://${hosts.hostAddress}:8090/`), "200");
    await dock.client.call("unexpose", { name: web, hostPort: 8090, protocol: "tcp" });
    assert.equal(hosts.curl("other", `http://${hosts.hostAddress}:8090/`), "000");
    assert.equal(await open.ask(), true);
  });

  test("on a host that has IPv6 switched off an ISC starts all the same, with IPv4 alone", async () => {
    const set = (value: 0 | 1) => hosts.run("host", ["sysctl", "-qw", `net.ipv6.conf.default.disable_ipv6=${value}`]);
    set(1);
    try {
      await dock.client.call("restart", { names: [web] });
      assert.equal(hosts.curl("host", "http://127.0.0.1:8080/"), "200");
      const { findings } = await dock.client.call("verify", { names: [web] });
      assert.deepEqual(
        findings.filter(({ verdict }) => verdict === "FAIL"),
        [],
      );
    } finally {
      set(0);
    }
    await dock.client.call("restart", { names: [web] });
    assert.equal(hosts.curl("host", "http://[::1]:8080/"), "200");
  });

  test("a host firewall that refuses forwarding by default does not cut ISCs off, and is not opened for others", async () => {
    hosts.run("host", ["iptables", "-P", "FORWARD", "DROP"]);
    const deadline = Date.now() + noticeMs;
    while (hosts.curl("other", `http://${hosts.hostAddress}:8080/`) !== "200" && Date.now() < deadline) await sleep(500);
    assert.equal(hosts.curl("other", `http://${hosts.hostAddress}:8080/`), "200");
    assert.match(hosts.run("host", ["iptables", "-S", "FORWARD"]), /-P FORWARD DROP/);
  });
});
