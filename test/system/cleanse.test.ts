/** Fresh instances in the place of those that serve: no request is lost, nothing is left, and a dock killed on the way ends in one of two states. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../src/base/problem.ts";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, readEvents, waitForEvent } from "./support/events.ts";
import { Neighbours } from "./support/neighbours.ts";
import { findStrays } from "./support/strays.ts";
import { buildWeb } from "./support/web-blueprint.ts";
import { runWrk } from "./support/wrk.ts";

const web = "web" as Name;
const health = 'health: { http: ":80/", every: 2s }';
/** nginx closes a connection in good order after so many requests: else wrk's would stay with the first instance for ever. */
const site = "server { listen 80; listen [::]:80; root /var/www/html; keepalive_requests 200; }\n";

describe("cleanse", () => {
  let dock: TestDock;
  let hosts: Neighbours;
  const port = 8_080;

  before(async () => {
    hosts = new Neighbours();
    dock = await TestDock.start({ networkNamespace: hosts.host });
    const image = await buildWeb(dock, [health, "limits: { memory: 64MiB, cpu: 100%, processes: 32 }"], site);
    await dock.client.call("create", { name: web, image });
    await dock.client.call("expose", { name: web, exposure: { hostPort: port, port: 80, protocol: "tcp" } });
    await dock.client.call("start", { names: [web] });
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    hosts[Symbol.dispose]();
  });

  const show = () => dock.client.call("show", { name: web });
  const cleanse = () => dock.client.call("cleanse", { names: [web] });
  const untilDrained = async () => {
    for (let look = 0; look < 600; look++) {
      if ((await show()).exposure?.draining === 0) return;
      await sleep(100);
    }
    assert.fail("it drains for ever");
  };
  const strays = async () => findStrays(dock, (await dock.client.call("list", {})).iscs);

  test("the fresh instance has an identity of its own, the name and the host ports; the old one is gone", async () => {
    const old = await show();
    const seq = lastSeq(dock);
    const { iscs } = await cleanse();
    assert.equal(iscs[0]?.gapMs, 0);
    const fresh = await show();
    assert.notEqual(fresh.summary.pid, old.summary.pid);
    assert.notEqual(fresh.summary.address, old.summary.address);
    assert.notEqual(fresh.record.machineId, old.record.machineId);
    assert.equal(fresh.summary.address, iscs[0]?.address);
    assert.equal(hosts.curl("other", `http://${hosts.hostAddress}:${port}/`), "200");
    const drained = await waitForEvent(dock, ({ kind }) => kind === "response.drain", 10_000, seq);
    assert.equal(drained.isc, web);
    assert.equal(drained.facts.connections, 0);
    await untilDrained();
    assert.deepEqual(await strays(), []);
    assert.ok(Number((await show()).exposure?.lastMs) > 0);
    const { findings } = await dock.client.call("verify", { names: [web] });
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
    );
    assert.equal((await show()).summary.health?.well, true);
  });

  test("six rotations under load lose no request, from a neighbour and from the host itself, over IPv4 and IPv6", async () => {
    const from = (side: "host" | "other", host: string, keepAlive: boolean) =>
      runWrk({ url: `http://${host}:${port}/`, seconds: 14, keepAlive, connections: 4, namespace: hosts[side] });
    const loads = [
      from("other", hosts.hostAddress, true),
      from("other", hosts.hostAddress, false),
      from("other", `[${hosts.hostAddress6}]`, true),
      from("other", `[${hosts.hostAddress6}]`, false),
      from("host", "127.0.0.1", true),
      from("host", "127.0.0.1", false),
      from("host", `[${hosts.hostAddress6}]`, false),
    ];
    const began = lastSeq(dock);
    await sleep(500);
    for (let rotation = 0; rotation < 6; rotation++) {
      await cleanse();
      await sleep(1_500);
    }
    for (const { requests, faults } of await Promise.all(loads)) {
      assert.deepEqual(faults, []);
      assert.ok(requests > 100, `${requests} requests`);
    }
    // The integrity sensor looks on all the while: a change of instance is no drift.
    const drifts = readEvents(dock).filter(({ seq, sensor }) => seq > began && sensor === "integrity");
    assert.deepEqual(
      drifts.map(({ kind, message }) => `${kind}: ${message}`),
      [],
    );
    await untilDrained();
    assert.deepEqual(await strays(), []);
  });

  test("an open connection goes on with the old instance until it is closed; new ones find the new", async () => {
    await untilDrained();
    {
      using open = hosts.openConnection("other", hosts.hostAddress, port);
      assert.equal(await open.ask(), true);
      await cleanse();
      assert.equal(hosts.curl("other", `http://${hosts.hostAddress}:${port}/`), "200");
      assert.equal(await open.ask(), true);
      await sleep(1_500);
      assert.equal(await open.ask(), true);
      assert.equal((await show()).exposure?.draining, 1);
    }
    const since = Date.now();
    await untilDrained();
    assert.ok(Date.now() - since < 10_000);
    assert.deepEqual(await strays(), []);
  });

  test("whoever may connect to the ISC by name reaches the fresh instance", async () => {
    const client = "client" as Name;
    const image = await buildWeb(dock, [health, 'network: { listen: [80], connect: ["isc:web:80"] }'], site);
    await dock.client.call("create", { name: client, image });
    await dock.client.call("start", { names: [client] });
    await cleanse();
    const { address } = (await show()).summary;
    assert.equal(await hosts.connectsFromPin(dock, client, address, 80), true);
    const hostsFile = await dock.client.call("exec", { name: client, command: ["grep", "-q", `^${address} web$`, "/etc/hosts"] });
    assert.equal(hostsFile.exitCode, 0);
    await dock.client.call("destroy", { names: [client] });
  });

  test("it can be stopped, started, reset and looked into like any other", async () => {
    await cleanse();
    await dock.client.call("stop", { names: [web] });
    assert.deepEqual(await strays(), []);
    await dock.client.call("start", { names: [web] });
    await dock.client.call("reset", { names: [web] });
    assert.equal((await dock.client.call("exec", { name: web, command: ["true"] })).exitCode, 0);
    assert.equal(hosts.curl("other", `http://${hosts.hostAddress}:${port}/`), "200");
    await dock.client.call("stop", { names: [web] });
    await assert.rejects(cleanse(), (error: unknown) => error instanceof Problem && error.code === "ISC_STOPPED");
    await dock.client.call("start", { names: [web] });
  });

  test("volumes that two cannot share are handed over, with the pause measured; shared ones need none", async () => {
    for (const shared of [false, true]) {
      const name = (shared ? "shared" : "alone") as Name;
      const volumes = `volumes: { data: { at: /srv/data, size: 16MiB, shared: ${shared} } }`;
      const image = await buildWeb(dock, [health, volumes], site);
      await dock.client.call("create", { name, image });
      await dock.client.call("start", { names: [name] });
      const run = (script: string) => dock.client.call("exec", { name, command: ["sh", "-c", script] });
      assert.equal((await run("echo kept > /srv/data/note")).exitCode, 0);
      const { iscs } = await dock.client.call("cleanse", { names: [name] });
      assert.equal(iscs[0]?.gapMs === 0, shared, `${iscs[0]?.gapMs} ms`);
      assert.equal((await run("grep -q kept /srv/data/note")).exitCode, 0);
      await dock.client.call("destroy", { names: [name] });
    }
  });

  test("a blueprint's clock cleanses by itself", async () => {
    const name = "clocked" as Name;
    await dock.client.call("create", { name, image: await buildWeb(dock, [health, "cleanse: { every: 1s, drain: 1s }"], site) });
    const seq = lastSeq(dock);
    await dock.client.call("start", { names: [name] });
    for (let count = 0, after = seq; count < 3; count++) {
      after = (await waitForEvent(dock, ({ kind, isc }) => kind === "response.cleanse" && isc === name, 10_000, after)).seq;
    }
    const { exposure } = await dock.client.call("show", { name });
    assert.ok(exposure && exposure.replaced >= 1 && (exposure.longestMs ?? 0) < 10_000, JSON.stringify(exposure));
    await dock.client.call("destroy", { names: [name] });
  });

  test("a dock killed on the way finds the old or the new one serving, and nothing else", async () => {
    for (const moment of [0, 3, 8, 15, 25, 40, 60, 80, 95, 110, 130, 160, 220, 400, 700]) {
      const before = (await show()).summary.pid;
      const broken = cleanse().catch(() => undefined);
      await sleep(moment);
      await dock.kill();
      await broken;
      await dock.launch();
      const { summary, record, exposure } = await show();
      assert.equal(summary.status, "running", `after ${moment} ms`);
      assert.equal(record.beside ?? undefined, undefined, `after ${moment} ms`);
      assert.equal(exposure?.draining, 0);
      assert.deepEqual(await strays(), [], `after ${moment} ms: ${before} ${summary.pid}`);
      assert.equal(hosts.curl("other", `http://${hosts.hostAddress}:${port}/`), "200", `after ${moment} ms`);
    }
  });
});
