/** A dock that is killed at any moment of up, edit and down: the next one carries on, and nothing is lost or left. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { linkNames } from "./support/leftovers.ts";
import { Neighbours } from "./support/neighbours.ts";
import { shop, writeStack } from "./support/stack-files.ts";

const stackName = "shop" as Name;
const url = "http://192.0.2.1:8080/";
/** From before the record is written to after all is done, as far as a machine's speed lets that be said. */
const moments = [0.1, 0.3, 0.5, 0.7, 0.9];

describe("a stack whose dock is killed", () => {
  let dock: TestDock;
  let hosts: Neighbours;

  before(async () => {
    hosts = new Neighbours();
    dock = await TestDock.start({ networkNamespace: hosts.host, environment: { ISC_NET: "10.252.0.0/16" } });
  });
  after(async () => {
    await dock[Symbol.asyncDispose]();
    hosts[Symbol.dispose]();
  });

  const up = (text: string) => dock.client.call("stack-up", { file: writeStack(dock, text) });
  const page = () => hosts.run("other", ["curl", "-s", "-m", "3", url]).trim();
  const stack = async () => (await dock.client.call("stacks", {})).stacks[0];
  const routes = () => hosts.run("host", ["ip", "route", "show", "proto", "215"]);

  /** Kills the dock so long after work has begun, waits for what the client hears, and starts the next. */
  const killAfter = async (ms: number, work: () => Promise<unknown>) => {
    const working = work().then(
      () => "done",
      () => "cut off",
    );
    await sleep(ms);
    await dock.kill();
    await working;
    await dock.launch();
  };

  const verifies = async () => {
    const { findings } = await dock.client.call("verify", {});
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL").map(({ isc, row, evidence }) => `${isc} ${row}: ${evidence}`),
      [],
    );
  };

  const measure = async (work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };

  test("in the middle of up, all of it comes, or nothing is there", async () => {
    const text = shop();
    await up(text);
    const tookMs = await measure(async () => {
      await dock.client.call("stack-down", { stack: stackName });
      await up(text);
    });
    for (const moment of moments) {
      await dock.client.call("stack-down", { stack: stackName });
      await killAfter(tookMs * moment, () => up(text));
      const found = await stack();
      if (found)
        assert.deepEqual(
          found.iscs.map(({ name, status }) => `${name} ${status}`),
          wanted(2),
        );
      else {
        assert.deepEqual((await dock.client.call("list", {})).iscs, []);
        assert.equal(routes(), "");
        await up(text);
      }
      assert.equal(page(), "page of shop-db");
    }
    await verifies();
  });

  test("in the middle of an edit, the stack is what the one or the other file says", async () => {
    const tookMs = (await measure(() => up(shop({ count: 3 })))) + (await measure(() => up(shop())));
    for (const [index, moment] of moments.entries()) {
      const count = index % 2 === 0 ? 3 : 1;
      await killAfter((tookMs / 2) * moment, () => up(shop({ count })));
      const found = (await stack())?.iscs.map(({ name, status }) => `${name} ${status}`);
      const known = [wanted(count), wanted(2), wanted(4 - count)].map((names) => names.join());
      assert.ok(known.includes(found?.join() ?? ""), `${found}`);
      await up(shop({ count }));
      assert.deepEqual(
        (await stack())?.iscs.map(({ name, status }) => `${name} ${status}`),
        wanted(count),
      );
      assert.equal(page(), "page of shop-db");
    }
    await verifies();
  });

  test("in the middle of down, it goes", async () => {
    for (const moment of moments.slice(1)) {
      await up(shop());
      await killAfter(400 * moment, () => dock.client.call("stack-down", { stack: stackName }));
      // Killed before the record said so: then it is whole.
      if (await stack()) {
        assert.deepEqual(
          (await stack())?.iscs.map(({ name, status }) => `${name} ${status}`),
          wanted(2),
        );
        await dock.client.call("stack-down", { stack: stackName });
      }
      assert.deepEqual((await dock.client.call("list", {})).iscs, []);
      assert.equal(routes(), "");
      assert.deepEqual(linkNames(dock.tag), []);
    }
  });
});

function wanted(count: number): readonly string[] {
  const app = Array.from({ length: count }, (_, index) => `shop-app-${index + 1}`);
  return ["shop-web-1", "shop-web-2", ...app, "shop-db"].map((name) => `${name} running`);
}
