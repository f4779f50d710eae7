import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Problem } from "../../src/base/problem.ts";
import type { IscSummary } from "../../src/model/isc.ts";
import type { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { freeHostPort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";

const web = "web" as Name;

describe("the life of an ISC", () => {
  let dock: TestDock;
  let image: string;
  let port: number;

  before(async () => {
    dock = await TestDock.start();
    image = (await buildReady(dock, "nginx")).digest;
    port = await freeHostPort();
  });

  after(() => dock[Symbol.asyncDispose]());

  const find = async (name: Name): Promise<IscSummary> => {
    const found = (await dock.client.call("list", {})).iscs.find((isc) => isc.name === name);
    assert.ok(found, `${name} is listed`);
    return found;
  };
  const run = async (command: readonly string[]) => {
    const chunks: Buffer[] = [];
    const onData = (data: unknown) => void chunks.push(Buffer.from((data as { readonly bytes: string }).bytes, "base64"));
    const { exitCode } = await dock.client.call("exec", { name: web, command: [...command] }, { onData });
    return { exitCode, output: Buffer.concat(chunks).toString("utf8") };
  };
  const refuses = (call: Promise<unknown>, code: string) =>
    assert.rejects(call, (error: unknown) => error instanceof Problem && error.code === code && !error.message.includes("\n"));

  test("an ISC is created stopped, and its name is taken from then on", async () => {
    await dock.client.call("create", { name: web, image });
    assert.equal((await find(web)).status, "stopped");
    await refuses(dock.client.call("create", { name: web, image }), "NAME_TAKEN");
  });

  test("started, it serves its page through an exposed port, and its own address only to the host", async () => {
    await dock.client.call("unexpose", { name: web, hostPort: 8080, protocol: "tcp" });
    await dock.client.call("expose", { name: web, exposure: { hostPort: port, port: 80, protocol: "tcp" } });
    await dock.client.call("start", { names: [web] });
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
    assert.equal((await find(web)).status, "running");
  });

  test("starting twice changes nothing", async () => {
    const { pid } = await find(web);
    await dock.client.call("start", { names: [web] });
    assert.equal((await find(web)).pid, pid);
  });

  test("a port can be taken back while it runs", async () => {
    await dock.client.call("unexpose", { name: web, hostPort: port, protocol: "tcp" });
    assert.equal(await httpGet(`http://127.0.0.1:${port}/`, 400), undefined);
    await dock.client.call("expose", { name: web, exposure: { hostPort: port, port: 80, protocol: "tcp" } });
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
    await refuses(dock.client.call("unexpose", { name: web, hostPort: 1, protocol: "tcp" }), "PORT_NOT_EXPOSED");
  });

  test("a command inside has no capability, no new privileges, a filter, and nothing to write but scratch", async () => {
    const { output, exitCode } = await run([
      "/bin/sh",
      "-c",
      "grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; touch /etc/x; touch /tmp/x && echo wrote",
    ]);
    assert.equal(exitCode, 0);
    assert.match(output, /CapEff:\t0{16}/);
    assert.match(output, /NoNewPrivs:\t1/);
    assert.match(output, /Seccomp:\t2/);
    assert.match(output, /Read-only file system/);
    assert.match(output, /wrote/);
  });

  test("nothing on scratch can be executed", async () => {
    const { exitCode, output } = await run(["/bin/sh", "-c", "cp /bin/true /tmp/t && chmod 755 /tmp/t && /tmp/t"]);
    assert.equal(exitCode, 126);
    assert.match(output, /Permission denied/);
  });

  test("a command's exit code comes back, and one that is not there is 127", async () => {
    assert.equal((await run(["/bin/sh", "-c", "exit 7"])).exitCode, 7);
    assert.notEqual((await run(["/no/such/program"])).exitCode, 0);
  });

  test("reset gives new processes and new scratch, and keeps the exposure", async () => {
    await run(["/bin/sh", "-c", "echo intruder > /tmp/left"]);
    const before = await find(web);
    await dock.client.call("reset", { names: [web] });
    const afterwards = await find(web);
    assert.notEqual(afterwards.pid, before.pid);
    assert.notEqual((await run(["/bin/cat", "/tmp/left"])).exitCode, 0);
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
  });

  test("clones have identities of their own and cost no image bytes", async () => {
    await dock.client.call("clone", { source: "web", name: "copy" as Name, count: 3, start: true });
    const copies = (await dock.client.call("list", {})).iscs.filter(({ name }) => name.startsWith("copy"));
    assert.deepEqual(
      copies.map(({ name, status }) => [name, status]),
      [
        ["copy1", "running"],
        ["copy2", "running"],
        ["copy3", "running"],
      ],
    );
    assert.equal(new Set([...copies, await find(web)].map(({ address }) => address)).size, 4);
    const ids = copies.map(({ name }) => readFileSync(`${dock.layout.live.etc(name)}/machine-id`, "utf8"));
    assert.equal(new Set(ids).size, 3);
    await dock.client.call("destroy", { names: copies.map(({ name }) => name) as [Name] });
  });

  test("a snapshot brings image and exposures back", async () => {
    await dock.client.call("snapshot", { name: web, snapshot: "good" as Name });
    await refuses(dock.client.call("snapshot", { name: web, snapshot: "good" as Name }), "NAME_TAKEN");
    await dock.client.call("unexpose", { name: web, hostPort: port, protocol: "tcp" });
    await dock.client.call("rollback", { name: web, snapshot: "good" as Name });
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
    await refuses(dock.client.call("rollback", { name: web, snapshot: "bad" as Name }), "SNAPSHOT_UNKNOWN");
    await refuses(dock.client.call("image-remove", { image }), "IMAGE_IN_USE");
  });

  test("an ISC outlives a dock that ends, and one that is killed, and is taken over by the next", async () => {
    const { pid } = await find(web);
    await dock.quit();
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
    await dock.launch();
    assert.equal((await find(web)).pid, pid);
    await dock.kill();
    await dock.launch();
    assert.equal((await find(web)).pid, pid);
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
    assert.equal((await run(["/bin/true"])).exitCode, 0);
  });

  test("a damaged record makes one ISC unusable, and says which file", async () => {
    await dock.client.call("clone", { source: "web", name: "broken" as Name });
    await dock.quit();
    const file = dock.layout.isc.record("broken" as Name);
    const whole = readFileSync(file);
    writeFileSync(file, "{");
    await dock.launch();
    await assert.rejects(
      dock.client.call("start", { names: ["broken" as Name] }),
      (error: unknown) => error instanceof Problem && error.message.includes(file),
    );
    await refuses(dock.client.call("create", { name: "broken" as Name, image }), "NAME_TAKEN");
    writeFileSync(file, whole);
    await dock.quit();
    await dock.launch();
    await dock.client.call("destroy", { names: ["broken" as Name] });
  });

  test("stopped, it holds nothing on the machine but its record and log", async () => {
    await dock.client.call("stop", { names: [web] });
    assert.equal((await find(web)).status, "stopped");
    assert.equal(existsSync(dock.layout.live.directory(web)), false);
    assert.equal(existsSync(dock.layout.isc.scratchFile(web)), false);
    assert.equal(await httpGet(`http://127.0.0.1:${port}/`, 400), undefined);
  });

  test("destroyed, its name is free and unknown", async () => {
    await dock.client.call("destroy", { names: [web] });
    await refuses(dock.client.call("start", { names: [web] }), "ISC_UNKNOWN");
    assert.equal(existsSync(dock.layout.isc.directory(web)), false);
  });
});
