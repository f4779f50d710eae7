import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "../../src/model/event.ts";
import type { IscSummary } from "../../src/model/isc.ts";
import type { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, readEvents, waitForEvent } from "./support/events.ts";
import { freeHostPort } from "./support/free-port.ts";
import { waitForPage } from "./support/http-get.ts";
import { Victim } from "./verify/victim.ts";

const web = "web" as Name;
/** On a busy machine the sensor takes longer looks, and so pauses longer between them. */
const longestLookMs = 90_000;
const quick = "integrity: { every: 500ms }";

describe("responses", () => {
  let dock: TestDock;
  let port: number;
  let image: string;
  let hook: Server;
  const told: Event[] = [];
  const place = mkdtempSync("/var/tmp/isc-respond-");
  const find = async (): Promise<IscSummary | undefined> => (await dock.client.call("list", {})).iscs.find(({ name }) => name === web);
  /** A writable, executable place that no blueprint declared: write.noexec and write.declared fail. */
  const tamper = async () => {
    const victim = await Victim.of(dock, web);
    victim.mount("-t", "tmpfs", "extra", "/opt");
  };
  const start = async () => {
    await dock.client.call("create", { name: web, image });
    await dock.client.call("unexpose", { name: web, hostPort: 8080, protocol: "tcp" });
    await dock.client.call("expose", { name: web, exposure: { hostPort: port, port: 80, protocol: "tcp" } });
    await dock.client.call("start", { names: [web] });
  };
  const restartWith = async (lines: string) => {
    await dock.quit();
    dock.configure(lines);
    await dock.launch();
  };
  const waitFor = (kind: string, action: string, since: number) =>
    waitForEvent(dock, (event) => event.kind === kind && event.facts.action === action, longestLookMs, since);

  const breakOff = async (action: string, delayMs: number) => {
    if (!(await find())) await start();
    if ((await find())?.status === "quarantined") await dock.client.call("reset", { names: [web] });
    const since = lastSeq(dock);
    // An event that comes at once, whatever else the machine does.
    const call =
      action === "release"
        ? dock.client.call("quarantine", { names: [web] })
        : dock.client.call("exec", { name: web, command: ["/bin/true"], admin: true });
    const asked = call.catch(() => undefined);
    await waitFor("response.begin", action, since);
    await sleep(delayMs);
    await dock.kill();
    await asked;
    await dock.launch();
    await waitFor("response.done", action, since);
    const expected = action === "destroy" ? undefined : action === "quarantine" ? "quarantined" : "running";
    assert.equal((await find())?.status, expected);
    if (expected === "running") await waitForPage(`http://127.0.0.1:${port}/`);
  };

  before(async () => {
    hook = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        told.push(JSON.parse(Buffer.concat(chunks).toString()) as Event);
        response.end();
      });
    });
    const hookPort = await freeHostPort();
    await new Promise<void>((resolve) => hook.listen(hookPort, "127.0.0.1", resolve));
    const notify = `notify: [{ url: "http://127.0.0.1:${hookPort}/isc" }, { command: [/usr/bin/tee, -a, ${place}/told.jsonl] }]`;
    dock = await TestDock.start({ config: `${quick}\n${notify}` });
    image = (await buildReady(dock, "nginx")).digest;
    port = await freeHostPort();
    await start();
  });

  after(async () => {
    hook.close();
    rmSync(place, { recursive: true });
    await dock[Symbol.asyncDispose]();
  });

  test("proof of change resets, with evidence kept before and everybody told after", async () => {
    const { pid } = (await find()) ?? {};
    const since = lastSeq(dock);
    const began = performance.now();
    await tamper();
    const done = await waitFor("response.done", "reset", since);
    console.log(
      `# tampered to clean: ${Math.round(performance.now() - began)} ms, of which the response took ${String(done.facts.tookMs)} ms`,
    );
    const { pid: fresh, status } = (await find()) ?? {};
    assert.equal(status, "running");
    assert.notEqual(fresh, pid);
    await waitForPage(`http://127.0.0.1:${port}/`);
    const { findings } = await dock.client.call("verify", { names: [web] });
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
    );
    const [incident] = (await dock.client.call("incidents", {})).incidents;
    assert.equal(incident?.action, "reset");
    const shown = await dock.client.call("incident-show", { id: incident?.id ?? "" });
    assert.deepEqual([shown.faults, shown.incident.trigger?.kind], [[], "integrity.drift"]);
    await until(() => told.some(({ kind }) => kind === "response.done"));
    await until(() => existsSync(`${place}/told.jsonl`) && readFileSync(`${place}/told.jsonl`, "utf8").includes('"response.done"'));
  });

  test("a repeat quarantines, and nothing more is done then", async () => {
    const since = lastSeq(dock);
    await tamper();
    await waitFor("response.done", "quarantine", since);
    assert.equal((await find())?.status, "quarantined");
    await sleep(2_000);
    assert.equal(readEvents(dock).filter(({ seq, kind }) => seq > since && kind === "response.begin").length, 1);
  });

  test("what was done counts on after a restart of the dock", async () => {
    await dock.kill();
    await dock.launch();
    await dock.client.call("reset", { names: [web] });
    const since = lastSeq(dock);
    await tamper();
    await waitFor("response.done", "quarantine", since);
    await dock.client.call("reset", { names: [web] });
  });

  test("policy test says what would have been done about what was recorded, and does nothing", async () => {
    const answer = await dock.client.call("policy-test", { name: web });
    assert.deepEqual(
      answer.steps
        .filter(({ action }) => action !== "wait")
        .map(({ action }) => action)
        .slice(0, 2),
      ["reset", "quarantine"],
    );
    const blueprint = `${place}/other.yaml`;
    const rules = "respond: { rules: [{ event: integrity.drift, do: restart }], ladder: { restart: { times: 9, per: 1h } } }";
    writeFileSync(
      blueprint,
      `isc: 1\nname: other\nfrom: { debian: bookworm, packages: [] }\nservices: { a: { command: [/bin/true] } }\n${rules}\n`,
    );
    const other = await dock.client.call("policy-test", { blueprint, name: web });
    assert.ok(other.steps.length > 0);
    assert.ok(other.steps.every(({ action }) => action === "restart" || action === "wait"));
    const file = `${place}/events.jsonl`;
    writeFileSync(
      file,
      `${readEvents(dock)
        .map((event) => JSON.stringify(event))
        .join("\n")}\n`,
    );
    const fromFile = await dock.client.call("policy-test", { name: web, events: file });
    assert.deepEqual(fromFile.steps, answer.steps);
    writeFileSync(file, "no event\n");
    await assert.rejects(dock.client.call("policy-test", { name: web, events: file }), /line 1 is no event/);
    assert.equal((await find())?.status, "running");
  });

  test("a dock that only observes says what it would have done, and leaves it", async () => {
    await restartWith(`${quick}\nrespond: { mode: observe }`);
    const { pid } = (await find()) ?? {};
    const since = lastSeq(dock);
    await tamper();
    const observed = await waitForEvent(dock, ({ kind }) => kind === "response.observed", longestLookMs, since);
    assert.match(observed.message, /^would /);
    await sleep(1_000);
    assert.equal((await find())?.pid, pid);
    assert.ok(!readEvents(dock).some(({ seq, kind }) => seq > since && kind === "response.begin"));
    await dock.client.call("reset", { names: [web] });
  });

  for (const [action, more] of [
    ["restart", ""],
    ["reset", ""],
    ["quarantine", ""],
    ["cleanse", ""],
    ["update", ""],
    ["rollback", ", snapshot: good"],
    ["release", ""],
    ["destroy", ", shred: true"],
  ] as const) {
    test(`killed in the middle of ${action}, the dock finishes it when it is back`, async () => {
      if (!(await find())) await start();
      await dock.client.call("release", { names: [web] });
      if (action === "rollback") await dock.client.call("snapshot", { name: web, snapshot: "good" });
      const ladder = "restart reset quarantine cleanse update rollback destroy".replaceAll(/\w+/g, "$&: { times: 1000, per: 1h },");
      // The quarantine that was asked for is what it is released from.
      const event = action === "release" ? "dock.command" : "exec.admin";
      const rules = `[{ event: ${event}, do: ${action}${more} }, { event: integrity, do: ignore }]`;
      await restartWith(`${quick}\nrespond: { cooldown: 0s, ladder: { ${ladder} }, rules: ${rules} }`);
      for (const delayMs of [0, 30, 90, 200, 400]) await breakOff(action, delayMs);
      const { faults } = await dock.client.call("ledger-verify", {});
      assert.deepEqual(faults, []);
    });
  }

  test("a bad dock.yaml is one sentence at the start, with line and column", async () => {
    await dock.quit();
    dock.configure("respond: { rules: [{ do: rest }] }");
    const started = spawnSync(path.resolve("bin/iscadm-dock"), { env: { PATH: process.env.PATH, ...dock.environment }, encoding: "utf8" });
    assert.notEqual(started.status, 0);
    assert.match(started.stderr, /dock\.yaml:2:\d+: .*expected one of notify/);
    dock.configure("respond: { mode: observe }");
    await dock.launch();
  });
});

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(50)) if (holds()) return;
  assert.fail("it did not come to that");
}
