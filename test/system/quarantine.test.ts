import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../src/base/problem.ts";
import type { IscSummary } from "../../src/model/isc.ts";
import type { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { readEvents } from "./support/events.ts";
import { freeHostPort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";

const web = "web" as Name;

describe("quarantine", () => {
  let dock: TestDock;
  let port: number;
  const find = async (): Promise<IscSummary> => {
    const found = (await dock.client.call("list", {})).iscs.find(({ name }) => name === web);
    assert.ok(found);
    return found;
  };

  before(async () => {
    dock = await TestDock.start();
    const { digest: image } = await buildReady(dock, "nginx");
    port = await freeHostPort();
    await dock.client.call("create", { name: web, image });
    await dock.client.call("unexpose", { name: web, hostPort: 8080, protocol: "tcp" });
    await dock.client.call("expose", { name: web, exposure: { hostPort: port, port: 80, protocol: "tcp" } });
    await dock.client.call("start", { names: [web] });
  });

  after(() => dock[Symbol.asyncDispose]());

  test("its processes are frozen, a host port refuses at once, and an open connection is ended", async () => {
    const { pid = 0 } = await find();
    const open = await openConnection(port);
    await dock.client.call("quarantine", { names: [web], reason: "a test" });
    const { status, quarantine, pid: still } = await find();
    assert.deepEqual([status, quarantine?.reason, still], ["quarantined", "a test", pid]);
    assert.ok(await isAtRest(pid));
    assert.equal(await connectionError(port), "ECONNREFUSED");
    assert.equal(await askAgain(open), "ECONNRESET");
    assert.ok(readEvents(dock).some(({ kind, isc, facts }) => kind === "response.quarantine" && isc === web && facts.frozen === true));
  });

  test("it refuses start, stop, exec, expose and cleanse with one sentence; doing it twice changes nothing", async () => {
    const exposure = { hostPort: port, port: 81, protocol: "tcp" } as const;
    await refuses(dock.client.call("start", { names: [web] }), "ISC_QUARANTINED", /cannot start web: it is in quarantine \(a test\)/);
    await refuses(dock.client.call("stop", { names: [web] }), "ISC_QUARANTINED", /cannot stop web/);
    await refuses(dock.client.call("restart", { names: [web] }), "ISC_QUARANTINED", /cannot stop web/);
    await refuses(dock.client.call("exec", { name: web, command: ["/bin/true"] }), "ISC_QUARANTINED", /run a command in web/);
    await refuses(dock.client.call("expose", { name: web, exposure }), "ISC_QUARANTINED", /cannot expose web/);
    await refuses(dock.client.call("cleanse", { names: [web] }), "ISC_QUARANTINED", /cannot replace web/);
    await dock.client.call("quarantine", { names: [web], reason: "another" });
    assert.equal((await find()).quarantine?.reason, "a test");
  });

  test("verify finds everything in order, and says that no packet passes", async () => {
    const { findings } = await dock.client.call("verify", { names: [web] });
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
    );
    assert.match(findings.find(({ row }) => row === "net.inbound")?.evidence ?? "", /in quarantine: no packet passes/);
  });

  test("it outlives a dock that is killed, and one that ends in good order", async () => {
    const { pid = 0 } = await find();
    for (const end of [() => dock.kill(), () => dock.quit()]) {
      await end();
      await dock.launch();
      assert.equal((await find()).status, "quarantined");
      assert.ok(await isAtRest(pid));
      assert.equal(await connectionError(port), "ECONNREFUSED");
    }
  });

  test("released, the same process serves again", async () => {
    const { pid } = await find();
    await dock.client.call("release", { names: [web] });
    const { status, pid: now } = await find();
    assert.deepEqual([status, now], ["running", pid]);
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
    await dock.client.call("release", { names: [web] });
  });

  test("a dock killed at any moment of it leaves an ISC that serves or one that is cut and frozen", async () => {
    for (const delayMs of [0, 1, 2, 3, 5, 8, 12, 20]) {
      const asked = dock.client.call("quarantine", { names: [web] }).catch(() => undefined);
      await sleep(delayMs);
      await dock.kill();
      await asked;
      await dock.launch();
      const { status, pid = 0 } = await find();
      const answer = await connectionError(port);
      if (status === "quarantined") assert.deepEqual([await isAtRest(pid), answer], [true, "ECONNREFUSED"]);
      else assert.deepEqual([status, answer], ["running", undefined]);
      await dock.client.call("release", { names: [web] });
      assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
    }
  });

  test("a dock killed while it releases leaves no half of it", async () => {
    for (const delayMs of [0, 1, 2, 3, 5, 8]) {
      await dock.client.call("quarantine", { names: [web] });
      const asked = dock.client.call("release", { names: [web] }).catch(() => undefined);
      await sleep(delayMs);
      await dock.kill();
      await asked;
      await dock.launch();
      const { status } = await find();
      assert.equal(await connectionError(port), status === "quarantined" ? "ECONNREFUSED" : undefined);
      if (status !== "quarantined") assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
      await dock.client.call("release", { names: [web] });
    }
  });

  test("a reset starts it afresh and ends the quarantine", async () => {
    const { pid } = await find();
    await dock.client.call("quarantine", { names: [web] });
    await dock.client.call("reset", { names: [web] });
    const { status, pid: fresh } = await find();
    assert.equal(status, "running");
    assert.notEqual(fresh, pid);
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200);
  });

  test("a stopped one is not started while it is in quarantine, and released it is stopped", async () => {
    await dock.client.call("stop", { names: [web] });
    await dock.client.call("quarantine", { names: [web] });
    await refuses(dock.client.call("start", { names: [web] }), "ISC_QUARANTINED", /cannot start/);
    await dock.kill();
    await dock.launch();
    assert.equal((await find()).status, "quarantined");
    await dock.client.call("release", { names: [web] });
    assert.equal((await find()).status, "stopped");
    await dock.client.call("start", { names: [web] });
  });

  test("destroyed out of quarantine, nothing is left of it", async () => {
    await dock.client.call("quarantine", { names: [web] });
    const { pid = 0 } = await find();
    await dock.client.call("destroy", { names: [web] });
    assert.throws(() => readFileSync(`/proc/${pid}/stat`));
  });
});

const refuses = (call: Promise<unknown>, code: string, words: RegExp) =>
  assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof Problem);
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return !error.message.includes("\n");
  });

/** It gets no tick of the processor. */
async function isAtRest(pid: number): Promise<boolean> {
  const ticks = () => readFileSync(`/proc/${pid}/stat`, "utf8").split(" ").slice(13, 15).join();
  const frozen = /freez|stop|signal/.test(readFileSync(`/proc/${pid}/wchan`, "utf8"));
  const before = ticks();
  await sleep(50);
  return frozen || ticks() === before;
}

function openConnection(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.write("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
      socket.once("data", () => resolve(socket));
    });
  });
}

function askAgain(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve("nothing"), 3_000);
    const end = (word: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(word);
    };
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? ""));
    socket.on("data", () => end("answered"));
    socket.write("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
  });
}

/** Undefined when it connects. */
function connectionError(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: 1_500 });
    const end = (word: string | undefined) => {
      socket.destroy();
      resolve(word);
    };
    socket.on("connect", () => end(undefined));
    socket.on("timeout", () => end("nothing"));
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code));
  });
}
