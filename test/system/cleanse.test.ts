/** Fresh instances in the place of those that serve: no request is lost, nothing is left, and a dock killed on the way ends in one of two states. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../src/base/problem.ts";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, readEvents, waitForEvent } from "./support/events.ts";
import { freeHostPort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { findStrays } from "./support/strays.ts";
import { buildWeb } from "./support/web-blueprint.ts";
import { runWrk } from "./support/wrk.ts";

const web = "web" as Name;
const health = 'health: { http: ":80/", every: 2s }';
/** nginx closes a connection in good order after so many requests: else wrk's would stay with the first instance for ever. */
const site = "server { listen 80; listen [::]:80; root /var/www/html; keepalive_requests 200; }\n";

describe("cleanse", () => {
  let dock: TestDock;
  let port: number;

  before(async () => {
    dock = await TestDock.start();
    port = await freeHostPort();
    const image = await buildWeb(dock, [health, "limits: { memory: 64MiB, cpu: 100%, processes: 32 }"], site);
    await dock.client.call("create", { name: web, image });
    await dock.client.call("expose", { name: web, exposure: { hostPort: port, port: 80, protocol: "tcp" } });
    await dock.client.call("start", { names: [web] });
  });

  after(() => dock[Symbol.asyncDispose]());

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
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
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

  for (const [host, keepAlive] of [
    ["127.0.0.1", true],
    ["127.0.0.1", false],
    ["[::1]", false],
  ] as const) {
    test(`six rotations under load lose no request: ${host}, keep-alive ${keepAlive ? "on" : "off"}`, async () => {
      const load = runWrk({ url: `http://${host}:${port}/`, seconds: 14, keepAlive });
      await sleep(500);
      for (let rotation = 0; rotation < 6; rotation++) {
        await cleanse();
        await sleep(1_500);
      }
      const { requests, faults } = await load;
      assert.deepEqual(faults, []);
      assert.ok(requests > 500, `${requests} requests`);
      await untilDrained();
      assert.deepEqual(await strays(), []);
    });
  }

  test("it can be stopped, started, reset and looked into like any other", async () => {
    await cleanse();
    await dock.client.call("stop", { names: [web] });
    assert.deepEqual(await strays(), []);
    await dock.client.call("start", { names: [web] });
    await dock.client.call("reset", { names: [web] });
    assert.equal((await dock.client.call("exec", { name: web, command: ["true"] })).exitCode, 0);
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
    await dock.client.call("stop", { names: [web] });
    await assert.rejects(cleanse(), (error: unknown) => error instanceof Problem && error.code === "ISC_STOPPED");
    await dock.client.call("start", { names: [web] });
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
      assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200, `after ${moment} ms`);
    }
  });

  test("an instance that does not become well changes nothing", async () => {
    const seq = lastSeq(dock);
    const { pid } = (await show()).summary;
    assert.ok(pid);
    const events = readEvents(dock).filter((event) => event.seq > seq && event.kind === "response.cleanse");
    assert.deepEqual(events, []);
  });
});
