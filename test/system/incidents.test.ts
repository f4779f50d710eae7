import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";

const web = "web" as Name;
/** Made for this test, its key thrown away: only that it is taken and written to matters here. */
const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const secret = "what nobody may find on the disk";

describe("incidents", () => {
  let dock: TestDock;
  const incidents = async () => (await dock.client.call("incidents", {})).incidents;
  const inArchive = (id: string, member: string) =>
    spawnSync("tar", ["-xOf", `${dock.layout.incidents}/${id}.tar`, member], { maxBuffer: 1e9 }).stdout;

  before(async () => {
    dock = await TestDock.start();
    const { digest: image } = await buildReady(dock, "nginx");
    await dock.client.call("create", { name: web, image });
    await dock.client.call("unexpose", { name: web, hostPort: 8080, protocol: "tcp" });
    await dock.client.call("start", { names: [web] });
    const pid = (await dock.client.call("list", {})).iscs[0]?.pid ?? 0;
    const inside = ["-t", String(pid), "-U", "-m", "--", "/bin/sh", "-c", "cat > /tmp/note; ln -s /etc/passwd /tmp/link"];
    // Not as an argument: those are evidence themselves.
    assert.equal(spawnSync("nsenter", inside, { input: secret }).status, 0);
  });

  after(() => dock[Symbol.asyncDispose]());

  test("a quarantine keeps processes, sockets, mounts, events, and of scratch names and hashes", async () => {
    await dock.client.call("quarantine", { names: [web], reason: "a test" });
    const [first] = await incidents();
    assert.ok(first);
    assert.deepEqual([first.isc, first.action, first.scratch, first.reason], [web, "quarantine", "listed", "a test"]);
    const processes = JSON.parse(inArchive(first.id, "processes.json").toString()) as { command: string[]; open: object }[];
    assert.ok(processes.some(({ command }) => command.join(" ").includes("nginx")));
    assert.ok(processes.some(({ open }) => Object.values(open).some((target) => String(target).startsWith("socket:"))));
    assert.match(inArchive(first.id, "sockets-tcp.txt").toString(), /00000000:0050/);
    assert.match(inArchive(first.id, "mounts.txt").toString(), / \/ ro/);
    assert.match(inArchive(first.id, "events.jsonl").toString(), /"kind":"dock.command"/);
    assert.match(inArchive(first.id, "findings.json").toString(), /"row": "root.sealed"/);
    const scratch = inArchive(first.id, "scratch.jsonl").toString();
    assert.match(scratch, /note".*"kind":"file","sha256":"[0-9a-f]{64}"/);
    assert.match(scratch, /link".*"kind":"symlink","target":"\/etc\/passwd"/);
    assert.ok(!readFileSync(`${dock.layout.incidents}/${first.id}.tar`).includes(secret));
    assert.equal((await dock.client.call("list", {})).iscs[0]?.quarantine?.incident, first.id);
  });

  test("shown, it is whole; changed by one byte it is not", async () => {
    const [first] = await incidents();
    assert.ok(first);
    const shown = await dock.client.call("incident-show", { id: first.id });
    assert.deepEqual(shown.faults, []);
    assert.ok(shown.signedBy);
    const file = `${dock.layout.incidents}/${first.id}.tar`;
    const bytes = readFileSync(file);
    const at = bytes.indexOf("nginx: worker") >= 0 ? bytes.indexOf("nginx: worker") : bytes.lastIndexOf("nginx");
    bytes[at] = 0x4e;
    writeFileSync(file, bytes);
    const { faults } = await dock.client.call("incident-show", { id: first.id });
    assert.equal(faults.length, 1);
    assert.match(faults[0] ?? "", /is not what was signed|signature/);
  });

  test("exported, it is the same archive; an unknown one is refused", async () => {
    const [first] = await incidents();
    assert.ok(first);
    const file = `${dock.layout.root}/exported.tar`;
    const { sizeBytes } = await dock.client.call("incident-export", { id: first.id, file });
    assert.equal(sizeBytes, readFileSync(file).length);
    await assert.rejects(dock.client.call("incident-show", { id: "web.1" }), /there is no incident web\.1/);
    await assert.rejects(dock.client.call("incident-show", { id: "../../etc/passwd" }), /there is no incident/);
    await assert.rejects(dock.client.call("incident-export", { id: first.id, file: "/nowhere/x.tar" }), /cannot write incident/);
  });

  test("with a recovery key scratch is kept encrypted to it, never in the clear", async () => {
    await dock.client.call("release", { names: [web] });
    writeFileSync(dock.layout.recoveryKey, `# the operator's\n${recipient}\n`);
    await dock.client.call("quarantine", { names: [web] });
    const latest = (await incidents()).at(-1);
    assert.equal(latest?.scratch, "encrypted");
    const sealed = inArchive(latest?.id ?? "", "scratch.tar.age");
    assert.match(sealed.toString("latin1", 0, 40), /^age-encryption.org\/v1\n-> X25519 /);
    assert.ok(!sealed.includes(secret));
    await dock.client.call("reset", { names: [web] });
    assert.equal((await incidents()).length, 2);
  });

  test("a damaged recovery key is told, and the rest is kept", async () => {
    writeFileSync(dock.layout.recoveryKey, "age1nonsense\n");
    await dock.client.call("quarantine", { names: [web] });
    const id = (await incidents()).at(-1)?.id ?? "";
    const { incident } = await dock.client.call("incident-show", { id });
    assert.equal(incident.scratch, "listed");
    assert.match(incident.gaps.join(), /recovery key: cannot use .*line 1 is no recipient of age/);
    writeFileSync(dock.layout.recoveryKey, "");
  });

  test("a dock killed while it gathers leaves whole archives or none", async () => {
    for (const delayMs of [5, 15, 30, 60, 100]) {
      await dock.client.call("release", { names: [web] });
      const asked = dock.client.call("quarantine", { names: [web] }).catch(() => undefined);
      await sleep(delayMs);
      await dock.kill();
      await asked;
      await dock.launch();
      for (const { id } of await incidents()) {
        if (id === (await incidents())[0]?.id) continue;
        assert.deepEqual((await dock.client.call("incident-show", { id })).faults, []);
      }
      assert.deepEqual(
        readdirSync(dock.layout.incidents).filter((name) => !name.endsWith(".tar")),
        [],
      );
      await dock.client.call("quarantine", { names: [web] });
    }
    chmodSync(dock.layout.incidents, 0o700);
  });

  test("the oldest go when there are too many", async () => {
    await dock.quit();
    writeFileSync(`${dock.layout.root}/dock.yaml`, "dock: 1\nincidents: { keep: 2 }\n");
    await dock.launch();
    await dock.client.call("release", { names: [web] });
    await dock.client.call("quarantine", { names: [web] });
    const kept = await incidents();
    assert.equal(kept.length, 2);
    assert.equal((await dock.client.call("list", {})).iscs[0]?.quarantine?.incident, kept.at(-1)?.id);
  });
});
