/** Kill -9 of the dock at moments spread over each operation: afterwards the state is the old one or the new one, and the next command works. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Name } from "../../src/model/name.ts";
import { blueprintPath, buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { findStrays } from "./support/strays.ts";

const web = "web" as Name;
/** Delays in milliseconds after which the dock is killed: together they cover an operation from its first step past its last. */
const moments = [0, 2, 4, 7, 11, 16, 22, 29, 37, 46, 56, 70, 90, 120];

describe("kill -9 of the dock", () => {
  let dock: TestDock;
  let image: string;

  before(async () => {
    dock = await TestDock.start();
    image = (await buildReady(dock, "nginx")).digest;
    await dock.client.call("create", { name: web, image });
    await dock.client.call("unexpose", { name: web, hostPort: 8080, protocol: "tcp" });
  });

  after(() => dock[Symbol.asyncDispose]());

  /** Begins the operation, kills the dock, starts it again, and answers what it then says of the ISC. */
  const breakOff = async (operation: () => Promise<unknown>, afterMs: number) => {
    const broken = operation().catch(() => undefined);
    await sleep(afterMs);
    await dock.kill();
    await broken;
    await dock.launch();
    const { iscs } = await dock.client.call("list", {});
    const strays = await findStrays(dock, iscs);
    assert.deepEqual(strays, [], `after ${afterMs} ms`);
    return iscs;
  };
  const statusOf = (iscs: Awaited<ReturnType<typeof breakOff>>, name: Name) => iscs.find((isc) => isc.name === name)?.status;

  test("during start: it runs or it is stopped, and starting it works", async () => {
    for (const moment of moments) {
      await dock.client.call("stop", { names: [web] });
      const status = statusOf(await breakOff(() => dock.client.call("start", { names: [web] }), moment), web);
      assert.ok(status === "running" || status === "stopped", `${status} after ${moment} ms`);
      await dock.client.call("start", { names: [web] });
    }
  });

  test("during stop: it runs or it is stopped, and stopping it works", async () => {
    for (const moment of moments) {
      await dock.client.call("start", { names: [web] });
      const status = statusOf(await breakOff(() => dock.client.call("stop", { names: [web] }), moment), web);
      assert.ok(status === "running" || status === "stopped", `${status} after ${moment} ms`);
      await dock.client.call("stop", { names: [web] });
    }
  });

  test("during reset: it runs", async () => {
    await dock.client.call("start", { names: [web] });
    for (const moment of moments) {
      assert.equal(
        statusOf(await breakOff(() => dock.client.call("reset", { names: [web] }), moment), web),
        "running",
        `after ${moment} ms`,
      );
    }
  });

  test("during clone: the clone is whole or not there, and cloning works", async () => {
    const copy = "copy" as Name;
    for (const moment of moments.slice(0, 8)) {
      const status = statusOf(await breakOff(() => dock.client.call("clone", { source: "web", name: copy, start: true }), moment), copy);
      if (status === undefined) await dock.client.call("clone", { source: "web", name: copy });
      await dock.client.call("start", { names: [copy] });
      await dock.client.call("destroy", { names: [copy] });
    }
  });

  test("during destroy: it is there or gone, and never half", async () => {
    const copy = "copy" as Name;
    for (const moment of moments) {
      await dock.client.call("clone", { source: "web", name: copy, start: true });
      const status = statusOf(await breakOff(() => dock.client.call("destroy", { names: [copy] }), moment), copy);
      assert.ok(status === undefined || status === "running", `${status} after ${moment} ms`);
      if (status !== undefined) await dock.client.call("destroy", { names: [copy] });
    }
  });

  test("during expose: the port leads there or not, and exposing works", async () => {
    const exposure = { hostPort: 18_080, port: 80, protocol: "tcp" } as const;
    for (const moment of moments.slice(0, 6)) {
      await breakOff(() => dock.client.call("expose", { name: web, exposure }), moment);
      const { exposures } = await dock.client.call("expose", { name: web, exposure });
      assert.deepEqual(exposures, [exposure]);
      await dock.client.call("unexpose", { name: web, hostPort: 18_080, protocol: "tcp" });
    }
  });

  test("during build: nothing of it is left, and building works", async () => {
    for (const moment of [50, 300, 900, 2_000]) {
      await breakOff(() => dock.client.call("build", { blueprint: blueprintPath("nginx") }), moment);
      assert.equal((await buildReady(dock, "nginx")).digest, image);
    }
  });
});
