/** Health checks, exits and pressure: each provoked for real, and told once. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../src/base/problem.ts";
import type { IscSummary } from "../../src/model/isc.ts";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, readEvents, waitForEvent } from "./support/events.ts";
import { buildWeb } from "./support/web-blueprint.ts";

const web = "web" as Name;
/** So little processor time that it is throttled on a busy machine too. */
const limits = "limits: { memory: 64MiB, cpu: 10%, processes: 24 }";

describe("health and pressure", () => {
  let dock: TestDock;

  before(async () => {
    dock = await TestDock.start();
    const image = await buildWeb(dock, [limits, "scratch: 16MiB", 'health: { http: ":80/", every: 200ms, timeout: 300ms, failures: 2 }']);
    await dock.client.call("create", { name: web, image });
    await dock.client.call("start", { names: [web] });
  });

  after(() => dock[Symbol.asyncDispose]());

  const find = async (name: Name): Promise<IscSummary> => {
    const found = (await dock.client.call("list", {})).iscs.find((isc) => isc.name === name);
    assert.ok(found);
    return found;
  };
  const run = (script: string) => dock.client.call("exec", { name: web, command: ["sh", "-c", script] });
  const told = (kind: string, seq: number) => waitForEvent(dock, (event) => event.kind === kind && event.isc === web, 30_000, seq);

  test("an ISC is well from its start on", async () => {
    assert.equal((await find(web)).health?.well, true);
  });

  test("a service that no longer answers is told once, and once more when it answers again", async () => {
    const seq = lastSeq(dock);
    const { pid } = await find(web);
    signalBelow(pid, "SIGSTOP");
    const failed = await told("health.failed", seq);
    assert.equal(failed.severity, "alert");
    assert.equal(failed.facts.check, "http :80/");
    assert.equal((await find(web)).health?.well, false);
    signalBelow(pid, "SIGCONT");
    await told("health.passed", failed.seq);
    assert.equal((await find(web)).health?.well, true);
    assert.equal(readEvents(dock).filter((event) => event.seq > seq && event.kind === "health.failed").length, 1);
  });

  test("a process killed for memory is told, with how many", async () => {
    const seq = lastSeq(dock);
    await run("head -c 300m /dev/zero | tail");
    assert.ok(Number((await told("pressure.oom", seq)).facts.killed) >= 1);
  });

  test("a full scratch is told, and told again when there is room", async () => {
    const seq = lastSeq(dock);
    await run("head -c 32m /dev/zero > /tmp/full");
    const full = await told("pressure.scratch", seq);
    assert.equal(full.facts.state, "high");
    assert.ok((await find(web)).pressures?.includes("scratch"));
    await run("rm /tmp/full");
    assert.equal((await told("pressure.scratch", full.seq)).facts.state, "normal");
    assert.ok(!(await find(web)).pressures?.includes("scratch"));
  });

  test("forks refused at the ceiling are told", async () => {
    const seq = lastSeq(dock);
    await run("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28; do sleep 4 & done; wait");
    assert.equal((await told("pressure.processes", seq)).facts.state, "high");
  });

  test("a service that wants more processor time than its limit is told", async () => {
    // What the tests before have wanted may have been too much already.
    for (let tries = 0; tries < 300 && (await find(web)).pressures?.includes("cpu"); tries++) await sleep(100);
    const seq = lastSeq(dock);
    await run("timeout 14 sh -c 'while :; do :; done'; true");
    assert.equal((await told("pressure.cpu", seq)).facts.state, "high");
  });

  test("a service that ends by itself is told with signal and last line; one that is stopped is not", async () => {
    const seq = lastSeq(dock);
    signalBelow((await find(web)).pid, "SIGKILL");
    const exited = await told("health.exited", seq);
    assert.equal(exited.facts.signal, "SIGKILL");
    assert.equal(exited.severity, "alert");
    await dock.client.call("start", { names: [web] });
    const again = lastSeq(dock);
    await dock.client.call("reset", { names: [web] });
    await dock.client.call("stop", { names: [web] });
    await dock.client.call("start", { names: [web] });
    assert.deepEqual(
      readEvents(dock).filter((event) => event.seq > again && event.kind === "health.exited"),
      [],
    );
  });

  test("after a restart of the dock what runs is watched again", async () => {
    await dock.kill();
    await dock.launch();
    const seq = lastSeq(dock);
    signalBelow((await find(web)).pid, "SIGSTOP");
    await told("health.failed", seq);
    signalBelow((await find(web)).pid, "SIGCONT");
    await told("health.passed", seq);
  });

  test("a command inside is a check too, and one that never goes well keeps an ISC from starting", async () => {
    const command = "command" as Name;
    const well = await buildWeb(dock, ["health: { command: [test, -e, /var/www/html], every: 300ms }"]);
    await dock.client.call("create", { name: command, image: well });
    await dock.client.call("start", { names: [command] });
    assert.equal((await find(command)).health?.well, true);
    const ill = "ill" as Name;
    await dock.client.call("create", {
      name: ill,
      image: await buildWeb(dock, ['health: { http: ":80/none", every: 1s, timeout: 500ms }']),
    });
    const refusal = await dock.client.call("start", { names: [ill] }).catch((error: unknown) => error);
    assert.ok(refusal instanceof Problem);
    assert.match(refusal.message, /its health check http :80\/none fails \(HTTP status 404\)/);
    assert.equal((await find(ill)).status, "stopped");
  });
});

/** To every process below process 1, from the host. */
function signalBelow(pid: number | undefined, signal: NodeJS.Signals): void {
  assert.ok(pid);
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(name)]),
  );
  const below = (child: number): boolean => {
    const parent = parents.get(child);
    return parent !== undefined && (parent === pid || below(parent));
  };
  for (const child of [...parents.keys()].filter(below)) process.kill(child, signal);
}

function parentOf(pid: string): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const parent = Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
    return parent > 0 ? parent : undefined;
  } catch {
    return undefined;
  }
}
