/** Another image in the place of the one that runs: built anew or given, well or not, and the way back. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../src/base/problem.ts";
import type { Digest } from "../../src/model/digest.ts";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, waitForEvent } from "./support/events.ts";
import { freeHostPort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { findStrays } from "./support/strays.ts";
import { buildWeb, writeWeb } from "./support/web-blueprint.ts";
import { runWrk } from "./support/wrk.ts";

const web = "web" as Name;
const health = 'health: { http: ":80/", every: 2s }';
const site = "server { listen 80; root /var/www/html; keepalive_requests 200; }\n";

describe("update", () => {
  let dock: TestDock;
  let port: number;
  let blueprint: string;
  let first: Digest;

  before(async () => {
    dock = await TestDock.start();
    port = await freeHostPort();
    blueprint = writeWeb(dock, [health], site);
    first = (await dock.client.call("build", { blueprint })).digest;
    await dock.client.call("create", { name: web, image: first });
    await dock.client.call("expose", { name: web, exposure: { hostPort: port, port: 80, protocol: "tcp" } });
    await dock.client.call("start", { names: [web] });
  });

  after(() => dock[Symbol.asyncDispose]());

  const show = () => dock.client.call("show", { name: web });
  const page = async () => (await httpGet(`http://127.0.0.1:${port}/`))?.body ?? "";
  const refusalOf = (call: Promise<unknown>) =>
    call.then(
      () => assert.fail("it was not refused"),
      (error: unknown) => (error instanceof Problem ? error : assert.fail(String(error))),
    );

  test("--check asks the archive's index and changes nothing: an image just built is as new as it", async () => {
    const answer = await dock.client.call("update", { name: web, check: true });
    assert.deepEqual([answer.status, answer.packages, answer.to], ["checked", [], undefined]);
    assert.equal((await dock.client.call("snapshots", { name: web })).snapshots.length, 0);
  });

  test("nothing new is nothing done", async () => {
    const { pid } = (await show()).summary;
    assert.equal((await dock.client.call("update", { name: web })).status, "unchanged");
    assert.equal((await show()).summary.pid, pid);
  });

  test("a new image takes over under load without a lost request, and the snapshot leads back", async () => {
    writeFileSync(path.join(path.dirname(blueprint), "html/index.html"), "the second edition\n");
    const load = runWrk({ url: `http://127.0.0.1:${port}/`, seconds: 12, keepAlive: false });
    await sleep(300);
    const answer = await dock.client.call("update", { name: web });
    assert.equal(answer.status, "updated");
    assert.notEqual(answer.to, first);
    assert.match(await page(), /the second edition/);
    assert.deepEqual((await load).faults, []);
    const { snapshot } = answer;
    assert.ok(snapshot);
    const refusal = await refusalOf(dock.client.call("image-remove", { image: first }));
    assert.equal(refusal.code, "IMAGE_IN_USE");
    await dock.client.call("rollback", { name: web, snapshot });
    assert.equal((await show()).record.image, first);
    assert.doesNotMatch(await page(), /the second edition/);
    assert.deepEqual(await findStrays(dock, (await dock.client.call("list", {})).iscs), []);
  });

  test("as a response: built again and taken over by itself, and a fresh clone where nothing is newer", async () => {
    const restartWith = async (respond: string) => {
      await dock.quit();
      dock.configure(`respond: ${respond}`);
      await dock.launch();
    };
    await restartWith("{ cooldown: 0s, rules: [{ event: exec.admin, do: update }] }");
    writeFileSync(path.join(path.dirname(blueprint), "html/index.html"), "the third edition\n");
    const respond = async () => {
      const since = lastSeq(dock);
      await dock.client.call("exec", { name: web, command: ["/bin/true"], admin: true });
      const done = await waitForEvent(dock, ({ kind }) => kind === "response.done" || kind === "response.failed", 60_000, since);
      assert.deepEqual([done.kind, done.facts.action], ["response.done", "update"], done.message);
      return await show();
    };
    const { record, summary } = await respond();
    assert.notEqual(record.image, first);
    assert.match(await page(), /the third edition/);
    const again = await respond();
    assert.equal(again.record.image, record.image);
    assert.notEqual(again.summary.pid, summary.pid);
    assert.match(await page(), /the third edition/);
    const { snapshots } = await dock.client.call("snapshots", { name: web });
    const back = snapshots.find(({ image }) => image === first)?.name;
    assert.ok(back);
    await dock.client.call("rollback", { name: web, snapshot: back });
    await restartWith("{ mode: observe }");
    assert.deepEqual(await findStrays(dock, (await dock.client.call("list", {})).iscs), []);
  });

  test("--check of another image names the packages that differ", async () => {
    const text = readFileSync(blueprint, "utf8").replace("[nginx-light]", "[nginx-light, netcat-openbsd]");
    writeFileSync(blueprint, text);
    const { digest } = await dock.client.call("build", { blueprint });
    const { packages } = await dock.client.call("update", { name: web, image: digest, check: true });
    assert.ok(packages.some(({ name, from, to }) => name === "netcat-openbsd" && from === undefined && to !== undefined));
    assert.ok(packages.every(({ from }) => from === undefined));
  });

  // Together, since a start that waits for its health check gives up after half a minute only.
  test("images that do not become well are not taken: the old ones serve on, data stays as it was, and nothing is left", async () => {
    const keeper = "keeper" as Name;
    const volumes = "volumes: { data: { at: /srv/data, size: 16MiB } }";
    await dock.client.call("create", { name: keeper, image: await buildWeb(dock, [health, volumes], site) });
    await dock.client.call("start", { names: [keeper] });
    const run = async (script: string) => (await dock.client.call("exec", { name: keeper, command: ["sh", "-c", script] })).exitCode;
    assert.equal(await run("echo kept > /srv/data/note"), 0);
    const seq = lastSeq(dock);
    const before = await show();
    const { snapshots } = await dock.client.call("snapshots", { name: web });
    const ill = await buildWeb(dock, ['health: { http: ":80/none", every: 1s, timeout: 500ms }'], site);
    const spoiling = 'health: { command: [sh, -c, "echo lost > /srv/data/note; false"], every: 1s }';
    const illKeeper = await buildWeb(dock, [spoiling, volumes], site);
    const [refusal, refusalOfKeeper] = await Promise.all([
      refusalOf(dock.client.call("update", { name: web, image: ill })),
      refusalOf(dock.client.call("update", { name: keeper, image: illKeeper })),
    ]);
    assert.equal(refusal.code, "UPDATE_FAILED");
    assert.match(
      refusal.message,
      /^cannot update web: the fresh instance does not start: its health check http :80\/none fails \(HTTP status 404\)/,
    );
    const now = await show();
    assert.deepEqual([now.summary.pid, now.record.image], [before.summary.pid, before.record.image]);
    assert.deepEqual((await dock.client.call("snapshots", { name: web })).snapshots, snapshots);
    const event = await waitForEvent(dock, ({ kind, isc }) => kind === "response.update" && isc === web, 5_000, seq);
    assert.deepEqual([event.severity, event.facts.outcome], ["alert", "kept"]);
    assert.equal(refusalOfKeeper.code, "UPDATE_FAILED");
    assert.equal(await run("grep -q kept /srv/data/note"), 0);
    assert.deepEqual(await findStrays(dock, (await dock.client.call("list", {})).iscs), []);
  });

  test("a stopped ISC gets the image for its next start", async () => {
    await dock.client.call("stop", { names: [web] });
    const image = await buildWeb(dock, [health, "scratch: 32MiB"], site);
    const answer = await dock.client.call("update", { name: web, image });
    assert.deepEqual([answer.status, answer.running], ["updated", false]);
    await dock.client.call("start", { names: [web] });
    assert.equal((await show()).record.image, image);
  });
});
