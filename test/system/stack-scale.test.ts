/** A stack of a hundred ISCs, and one of two thousand flows: up, verified, tested with packets, and down without a trace. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { addressOf } from "./support/hosts-file.ts";
import { Neighbours } from "./support/neighbours.ts";
import { makeTinyRoot, renderWide, tinyPort, type WideStack } from "./support/wide-stack.ts";

const tiers = 10;
const count = 10;
const flows = 2_000;

describe("a large stack", () => {
  let dock: TestDock;
  let hosts: Neighbours;

  const up = (stack: WideStack) => {
    const file = `${dock.layout.root}/../stacks/${stack.name}.yaml`;
    writeFileSync(file, renderWide(stack));
    return dock.client.call("stack-up", { file });
  };
  const view = async (name: string) => {
    const found = (await dock.client.call("stacks", {})).stacks.find((stack) => stack.name === name);
    assert.ok(found);
    return found;
  };
  const pidOf = async (isc: string) => {
    const pid = (await dock.client.call("list", {})).iscs.find(({ name }) => name === isc)?.pid;
    assert.ok(pid);
    return pid;
  };
  const reaches = (isc: string, address: string) => hosts.connectsFromPin(dock, isc as Name, address, tinyPort);
  const reachesName = async (isc: string, name: string) => reaches(isc, addressOf(await pidOf(isc), name));

  before(async () => {
    hosts = new Neighbours();
    dock = await TestDock.start({ networkNamespace: hosts.host, environment: { ISC_NET: "10.252.0.0/16" } });
    mkdirSync(`${dock.layout.root}/../stacks`);
    makeTinyRoot(`${dock.layout.root}/../stacks`);
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    hosts[Symbol.dispose]();
  });

  test("a hundred ISCs come up together, and each tier reaches the next", async (context) => {
    const { tookMs } = await up({ name: "wide", tiers, count });
    context.diagnostic(`up of ${tiers * count}: ${(tookMs / 1_000).toFixed(1)} s`);
    const { iscs } = await view("wide");
    assert.equal(iscs.length, tiers * count);
    assert.ok(iscs.every(({ status, serving }) => status === "running" && serving));
    assert.ok(await reachesName("wide-tier0-1", "tier1"));
    assert.ok(await reachesName("wide-tier8-10", "tier9-10"));
    const further = await pidOf("wide-tier1-1");
    assert.ok(!(await reaches("wide-tier0-1", addressOf(further, "tier2"))));
  });

  test("every row of the contract holds on all of them", async () => {
    const { findings } = await dock.client.call("verify", {});
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL").map(({ isc, row, evidence }) => `${isc} ${row}: ${evidence}`),
      [],
    );
  });

  test("what gets through between them is what the file says", async (context) => {
    const { probes, tookMs } = await dock.client.call("network-test", { stack: "wide" });
    context.diagnostic(`${probes.length} probes: ${(tookMs / 1_000).toFixed(1)} s`);
    assert.ok(probes.length > (tiers * count) ** 2);
    assert.deepEqual(
      probes.filter(({ expected, seen }) => expected !== seen),
      [],
    );
  });

  test("the same file changes nothing", async () => {
    const before = (await dock.client.call("list", {})).iscs.map(({ name, pid }) => [name, pid]);
    assert.deepEqual((await up({ name: "wide", tiers, count })).steps, []);
    assert.deepEqual(
      (await dock.client.call("list", {})).iscs.map(({ name, pid }) => [name, pid]),
      before,
    );
  });

  test("two thousand flows load, and traffic passes by them", async () => {
    await dock.client.call("stack-down", { stack: "wide" as Name });
    const few = { name: "dense", tiers: 2, count: 1, outward: 8 };
    await up(few);
    const { steps } = await up({ ...few, outward: flows - 1 });
    assert.equal(steps.filter(({ kind }) => kind === "flow").length, flows - 1 - few.outward);
    assert.ok(steps.every(({ kind }) => kind === "flow"));
    assert.equal((await view("dense")).flows.length, flows);
    assert.ok(await reachesName("dense-tier0-1", "tier1"));
    const { findings } = await dock.client.call("verify", {});
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
    );
  });

  test("down leaves nothing", async () => {
    assert.equal((await dock.client.call("stack-down", { stack: "dense" as Name })).status, "removed");
    assert.deepEqual((await dock.client.call("list", {})).iscs, []);
    assert.deepEqual((await dock.client.call("stacks", {})).stacks, []);
    assert.equal(hosts.run("host", ["ip", "route", "show", "table", "all", "proto", "215"]), "");
  });
});
