/** The score of ISCs that run: what is declared costs, what is broken costs more, and the answer says so. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { isProblem } from "../../src/base/problem.ts";
import type { Assessment } from "../../src/model/assessment.ts";
import type { Name } from "../../src/model/name.ts";
import { blueprintPath, buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";

const web = "web" as Name;
const careless = "careless" as Name;

describe("assess", () => {
  let dock: TestDock;
  let folder: string;

  before(async () => {
    dock = await TestDock.start();
    folder = mkdtempSync("/var/tmp/isc-test-assess-");
    cpSync(path.dirname(blueprintPath("nginx")), folder, { recursive: true });
    await dock.client.call("create", { name: web, image: (await buildReady(dock, "nginx")).digest });
    await dock.client.call("unexpose", { name: web, hostPort: 8080, protocol: "tcp" });
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const assess = (name: Name): Promise<Assessment> => dock.client.call("assess", { name });
  const lossOf = (items: Assessment["items"]) => items.reduce((sum, { points }) => sum + points, 0);

  test("one that does not run has no score", async () => {
    const problem = await dock.client.call("assess", { name: web }).catch((error: unknown) => error);
    assert.ok(isProblem(problem));
    assert.deepEqual([problem.code, problem.message], ["ISC_STOPPED", "cannot assess web: it is not running"]);
  });

  test("the ready nginx scores well, and what it is is counted from its image", async () => {
    await dock.client.call("start", { names: [web] });
    const { items, measures } = await assess(web);
    assert.deepEqual(
      items.filter(({ evidence }) => evidence.startsWith("FAIL")),
      [],
    );
    assert.ok(lossOf(items) <= 30, JSON.stringify(items));
    assert.equal(measures["surface.setid"], 0);
    assert.equal(measures["surface.ports"], 1);
    assert.equal(measures["surface.public-ports"], 0);
    assert.ok(measures["surface.programs"] > 20 && measures["surface.libraries"] > 20 && measures["surface.system-calls"] > 200);
    assert.ok(items.some(({ id, evidence }) => id === "surface.shells" && /dash/.test(evidence)));
    await dock.client.call("expose", { name: web, exposure: { hostPort: 18_399, port: 80, protocol: "tcp", address: "127.0.0.1" } });
    assert.equal((await assess(web)).measures["surface.public-ports"], 0, "loopback alone is not public");
  });

  test("each declared exception has its price", async () => {
    const file = path.join(folder, "nginx.yaml");
    const lines = [
      "isc: 1",
      `name: ${careless}`,
      "from: { debian: bookworm, packages: [nginx-light] }",
      "services: { nginx: {} }",
      'network: { listen: [80], connect: ["10.0.0.0/8:443"] }',
      "writes: flexible",
      "rights: { capabilities: [SYS_ADMIN, NET_RAW], syscalls: [io_uring_setup], writable-code: true }",
    ];
    writeFileSync(file, `${lines.join("\n")}\n`);
    const { digest } = await dock.client.call("build", { blueprint: file });
    await dock.client.call("create", { name: careless, image: digest });
    await dock.client.call("start", { names: [careless] });
    const { score, items } = await assess(careless);
    assert.ok(lossOf(items) > lossOf((await assess(web)).items) + 50, JSON.stringify(items));
    assert.ok(score < 50, String(score));
    assert.equal(items[0]?.id, "exception.capabilities");
    const costly = items.map(({ id }) => id);
    for (const id of ["exception.syscalls", "exception.writable-code", "exception.writes", "surface.wide-destinations"]) {
      assert.ok(costly.includes(id), `${id} is not in ${costly.join(" ")}`);
    }
  });
});
