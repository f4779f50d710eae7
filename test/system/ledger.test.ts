/** The ledger of a real dock: who asked for what, through kill -9 and restarts, and what an intruder on the host cannot hide. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Event } from "../../src/model/event.ts";
import { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";

const web = Name.parse("web");
const program = fileURLToPath(new URL("../../bin/iscadm", import.meta.url));

describe("the ledger of a dock", () => {
  let dock: TestDock;

  before(async () => {
    dock = await TestDock.start();
    const { digest } = await buildReady(dock, "nginx");
    await dock.client.call("create", { name: web, image: digest });
    await dock.client.call("start", { names: [web] });
  });

  after(() => dock[Symbol.asyncDispose]());

  const find = async (query: object = {}): Promise<readonly Event[]> => {
    const found: Event[] = [];
    await dock.client.call("events", query, { onData: (event) => found.push(event as Event) });
    return found;
  };
  const iscadm = (...words: readonly string[]) =>
    spawnSync(program, words, { encoding: "utf8", env: { ...process.env, ...dock.environment }, timeout: 60_000 });

  test("every command that changes something is recorded, with who asked", async () => {
    await dock.client.call("stop", { names: [web] });
    await dock.client.call("start", { names: [web] });
    const [stopped, started] = (await find({ name: web, kind: "dock.command", tail: 2 })).map(({ facts }) => facts);
    assert.deepEqual([stopped?.operation, started?.operation], ["stop", "start"]);
    assert.deepEqual([started?.uid, started?.pid, started?.outcome], [0, process.pid, "done"]);
  });

  test("so is a session, and what it was about; what it reads and its environment are not", async () => {
    const { status } = iscadm("exec", web, "-e", "TOKEN=secret-value", "true");
    assert.equal(status, 0);
    const [session] = await find({ name: web, kind: "dock.command", tail: 1 });
    assert.equal(session?.facts.operation, "exec");
    assert.match(String(session?.facts.input), /"command":\["true"\]/);
    assert.ok(!readLedger(dock).includes("secret-value"));
  });

  test("and what was refused", async () => {
    await assert.rejects(dock.client.call("start", { names: [Name.parse("nosuch")] }));
    assert.equal((await find({ kind: "dock.command", tail: 1 }))[0]?.facts.outcome, "ISC_UNKNOWN");
    const who = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    // The socket lets nobody else in; a member of the group gets as far as the answer.
    spawnSync("setpriv", [...who, "curl", "-s", "--unix-socket", dock.layout.socket, "-d", "{}", "http://dock/v1/dock-stop"]);
    assert.equal((await find({ kind: "dock.command", tail: 1 }))[0]?.facts.outcome, "ISC_UNKNOWN", "it never reached the dock");
  });

  test("followers are told as it happens", async () => {
    const heard: Event[] = [];
    const ended = new AbortController();
    const following = dock.client
      .call("events", { follow: true, tail: 0, kind: "dock" }, { signal: ended.signal, onData: (event) => heard.push(event as Event) })
      .catch(() => undefined);
    for (let tries = 0; tries < 100 && heard.length === 0; tries++) {
      await dock.client.call("restart", { names: [web] });
      await sleep(20);
    }
    ended.abort();
    await following;
    assert.equal(heard[0]?.facts.operation, "restart");
  });

  test("a killed dock loses no event, and its successor goes on with the chain", async () => {
    await dock.client.call("stop", { names: [web] });
    const before = await find();
    await dock.kill();
    await dock.launch();
    const afterwards = await find();
    assert.deepEqual(afterwards.slice(0, before.length), before);
    const report = await dock.client.call("ledger-verify", {});
    assert.deepEqual(report.faults, []);
    assert.equal(report.count, report.head.seq);
  });

  test("what somebody does to the file is named, by verify and by its exit code", async () => {
    assert.equal(iscadm("ledger", "verify").status, 0);
    const file = `${dock.layout.ledger}/${readdirSync(dock.layout.ledger).find((name) => name.endsWith(".jsonl"))}`;
    const whole = readFileSync(file, "utf8");
    const lines = whole.split("\n");
    writeFileSync(file, lines.toSpliced(3, 1).join("\n"));
    const { status, stdout } = iscadm("ledger", "verify");
    writeFileSync(file, whole);
    assert.deepEqual([status, /before event 5, event 4 is missing/.test(stdout)], [3, true], stdout);
  });
});

function readLedger({ layout }: TestDock): string {
  return readdirSync(layout.ledger)
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => readFileSync(`${layout.ledger}/${name}`, "utf8"))
    .join("");
}
