/** Two hundred clones, started and destroyed: what one costs shows in a table, and nothing of any is left. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";

const count = 200;
/** Running at once: two hundred sandboxes need more memory than a test may ask for. */
const batch = 20;

test("two hundred clones are started and destroyed, and nothing is left of them", async (context) => {
  await using dock = await TestDock.start();
  const image = (await buildReady(dock, "nginx")).digest;
  await dock.client.call("create", { name: "web" as Name, image });
  // The first start opens what the dock then keeps.
  await dock.client.call("clone", { source: "web", name: "first" as Name, start: true });
  await dock.client.call("destroy", { names: ["first" as Name] });
  const before = traces(dock);
  const began = performance.now();
  for (let round = 0; round < count / batch; round++) {
    const { iscs } = await dock.client.call("clone", { source: "web", name: "many" as Name, count: batch, start: true });
    assert.equal(iscs.length, batch);
    await dock.client.call("destroy", { names: iscs.map(({ name }) => name) });
  }
  context.diagnostic(`${((performance.now() - began) / count).toFixed(0)} ms for the whole life of one clone`);
  const afterwards = traces(dock);
  assert.equal(afterwards.mounts, before.mounts, "mounts of the dock's namespace");
  // User namespaces are kept for ISCs that start again, one descriptor each.
  assert.ok(afterwards.descriptors <= before.descriptors + batch + 8, `descriptors: ${before.descriptors}, then ${afterwards.descriptors}`);
  assert.equal((await dock.client.call("list", {})).iscs.length, 1);
});

function traces(dock: TestDock): { readonly descriptors: number; readonly mounts: number } {
  return {
    descriptors: readdirSync(`/proc/${dock.pid}/fd`).length,
    mounts: readFileSync(`/proc/${dock.pid}/mountinfo`, "utf8").trimEnd().split("\n").length,
  };
}
