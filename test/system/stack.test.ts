/** A stack of three tiers: brought up, reached through, changed, and taken down, on real networks. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../src/base/problem.ts";
import type { Name } from "../../src/model/name.ts";
import type { StackIscView } from "../../src/model/stack-view.ts";
import { TestDock } from "./support/dock.ts";
import { Neighbours } from "./support/neighbours.ts";
import { shop, writeStack } from "./support/stack-files.ts";
import { runWrk } from "./support/wrk.ts";

const stackName = "shop" as Name;
const url = "http://192.0.2.1:8080/";

describe("a stack", () => {
  let dock: TestDock;
  let hosts: Neighbours;

  const up = (text: string) => dock.client.call("stack-up", { file: writeStack(dock, text) });
  const view = async () => {
    const { stacks } = await dock.client.call("stacks", {});
    assert.ok(stacks[0]);
    return stacks[0];
  };
  const iscs = async (member: string): Promise<readonly StackIscView[]> => (await view()).iscs.filter((isc) => isc.member === member);
  const page = () => hosts.run("other", ["curl", "-s", "-m", "3", url]).trim();
  const pages = (times: number) => Array.from({ length: times }, page);
  const load = (seconds: number, keepAlive: boolean) => runWrk({ url, seconds, keepAlive, namespace: hosts.other });

  before(async () => {
    hosts = new Neighbours();
    dock = await TestDock.start({ networkNamespace: hosts.host, environment: { ISC_NET: "10.253.0.0/16" } });
    await up(shop());
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    assert.equal(hosts.run("host", ["ip", "route", "show", "table", "all", "proto", "215"]), "");
    hosts[Symbol.dispose]();
  });

  test("a page comes through every tier, and connections are spread over all instances", async () => {
    assert.equal(page(), "page of shop-db");
    await load(2, false);
    for (const { name, connections, traffic, serving } of [...(await iscs("web")), ...(await iscs("app"))]) {
      assert.ok(serving, name);
      assert.ok((traffic?.receivedPackets ?? 0) > 100, `${name}: ${JSON.stringify({ connections, traffic })}`);
    }
    const { flows, exposures } = await view();
    assert.ok(flows.every(({ begun }) => begun > 0));
    assert.ok(exposures.every(({ begun }) => begun > 0));
  });

  test("every row of the contract holds on every ISC", async () => {
    const { findings } = await dock.client.call("verify", {});
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL").map(({ isc, row, evidence }) => `${isc} ${row}: ${evidence}`),
      [],
    );
  });

  test("the same file changes nothing, and diff says so", async () => {
    const file = writeStack(dock, shop());
    assert.deepEqual((await dock.client.call("stack-diff", { file })).steps, []);
    const before = await view();
    const { steps } = await dock.client.call("stack-up", { file });
    assert.deepEqual(steps, []);
    assert.deepEqual(
      (await view()).iscs.map(({ interfaces }) => interfaces),
      before.iscs.map(({ interfaces }) => interfaces),
    );
  });

  test("an edit under load changes only what must change, and no request fails", async () => {
    const file = writeStack(
      dock,
      shop({ count: 3, more: ["{ from: web, to: app, port: 8000, network: front, connections: 500 }"].slice(1) }),
    );
    const { steps } = await dock.client.call("stack-diff", { file });
    assert.deepEqual(
      steps.map(({ change, what }) => `${change} ${what}`),
      ["add shop-app-3"],
    );
    const loading = Promise.all([load(6, true), load(6, false)]);
    await dock.client.call("stack-up", { file });
    await dock.client.call("stack-up", { file: writeStack(dock, shop({ count: 1 })) });
    await dock.client.call("stack-up", { file: writeStack(dock, shop()) });
    for (const { requests, faults } of await loading) {
      assert.deepEqual(faults, []);
      assert.ok(requests > 100);
    }
    assert.deepEqual(
      (await iscs("app")).map(({ name, status }) => `${name} ${status}`),
      ["shop-app-1 running", "shop-app-2 running"],
    );
  });

  test("a member in quarantine gets no new connections, and fresh instances take over, without a failed request", async () => {
    const loading = Promise.all([load(5, true), load(5, false)]);
    await dock.client.call("quarantine", { names: ["shop-app-1"] });
    assert.deepEqual(
      (await iscs("app")).map(({ serving }) => serving),
      [false, true],
    );
    await dock.client.call("cleanse", { names: ["shop-app-2"] });
    await dock.client.call("reset", { names: ["shop-app-1"] });
    for (const { faults } of await loading) assert.deepEqual(faults, []);
    assert.deepEqual(
      (await iscs("app")).map(({ serving }) => serving),
      [true, true],
    );
    assert.equal(page(), "page of shop-db");
  });

  test("one whose health check fails gets no new connections until it is well again", async () => {
    const [first] = await iscs("app");
    assert.ok(first);
    const pids = processesOf(dock, first.name);
    const servingNow = async () => (await iscs("app")).map(({ serving }) => serving);
    try {
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      await until(async () => !(await servingNow())[0]);
      // Those that were open to it wait for a second, and then ask the other one.
      const { faults, requests } = await load(3, false);
      assert.deepEqual(faults, []);
      assert.ok(requests > 50);
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
    await until(async () => (await servingNow()).every(Boolean));
  });

  test("flows that the file takes out are closed, also for connections that are open", async () => {
    assert.equal(page(), "page of shop-db");
    const without = shop().replace(/^ {2}- \{ from: app, to: db.*\n/m, "");
    await up(without);
    assert.notEqual(hosts.curl("other", url), "200");
    await up(shop());
    assert.equal(page(), "page of shop-db");
  });

  test("what others have already is refused with a sentence, and nothing has changed", async () => {
    const text = shop().replace("{ front: {}, back: {} }", "{ front: { subnet: 192.0.2.0/24 }, back: {} }");
    await assert.rejects(
      up(text),
      (error) => error instanceof Problem && error.code === "NETWORK_TAKEN" && /192\.0\.2\.0\/24/.test(error.message),
    );
    await assert.rejects(
      up(
        shop()
          .replace("name: shop", "name: other")
          .replace("{ front: {}, back: {} }", "{ front: { subnet: 10.253.16.0/24 }, back: {} }")
          .replace("8080: 80", "8081: 80"),
      ),
      (error) => error instanceof Problem && error.code === "NETWORK_TAKEN" && /network front of stack shop/.test(error.message),
    );
    await assert.rejects(
      up(shop().replace("name: shop", "name: other")),
      (error) => error instanceof Problem && error.code === "PORT_TAKEN" && /stack shop has it/.test(error.message),
    );
    assert.deepEqual(
      (await dock.client.call("stacks", {})).stacks.map(({ name }) => name),
      ["shop"],
    );
    assert.equal(page(), "page of shop-db");
  });

  test("two at once end as one after the other would", async () => {
    const [one, two] = await Promise.all([up(shop({ count: 3 })), up(shop({ count: 3 }))]);
    assert.equal(one?.steps.length + two.steps.length, 1);
    await up(shop());
  });

  test("a dock that comes back finds everything as it was", async () => {
    const before = await view();
    await dock.kill();
    assert.equal(page(), "page of shop-db");
    await dock.launch();
    assert.deepEqual(
      (await view()).iscs.map(({ name, interfaces }) => [name, interfaces]),
      before.iscs.map(({ name, interfaces }) => [name, interfaces]),
    );
    assert.equal(pages(4).filter((text) => text === "page of shop-db").length, 4);
  });

  test("down leaves nothing", async () => {
    const { status } = await dock.client.call("stack-down", { stack: stackName });
    assert.equal(status, "removed");
    assert.deepEqual((await dock.client.call("list", {})).iscs, []);
    assert.deepEqual((await dock.client.call("stacks", {})).stacks, []);
    assert.equal(hosts.run("host", ["ip", "route", "show", "table", "all", "proto", "215"]), "");
    assert.doesNotMatch(hosts.run("host", ["nft", "list", "ruleset"]), /10\.253\.(?:1[6-9]|[2-9]\d)|8080/);
    // The kernel ends links with their namespaces, in the background.
    await until(async () => !/^isc/m.test(hosts.run("host", ["ip", "-brief", "link"])));
  });
});

/** Host pids of an ISC's processes, by its cgroup. */
function processesOf(dock: TestDock, name: string): readonly number[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        return new RegExp(`/isc-${dock.tag}/${name}(?:\\.\\d+)?(?:/|$)`, "m").test(readFileSync(`/proc/${pid}/cgroup`, "utf8"));
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < 200; look++) {
    if (await holds()) return;
    await sleep(50);
  }
  assert.fail("it never came to be so");
}
