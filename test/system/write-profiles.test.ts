/** What each write profile lets a service change, and that a reset takes it back. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Name } from "../../src/model/name.ts";
import { blueprintPath, buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { freeHostPort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { assertRefused } from "./support/refusal.ts";

describe("write profiles", () => {
  let dock: TestDock;
  let folder: string;

  before(async () => {
    dock = await TestDock.start();
    folder = mkdtempSync("/var/tmp/isc-test-profiles-");
    cpSync(path.dirname(blueprintPath("nginx")), folder, { recursive: true });
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const start = async (profile: "strict" | "fixed" | "flexible"): Promise<Name> => {
    const name = profile as string as Name;
    const file = path.join(folder, "nginx.yaml");
    const text = readFileSync(blueprintPath("nginx"), "utf8").replace(/^writes:.*$/m, "");
    writeFileSync(file, `${text}\nwrites: ${profile}\n`);
    const { digest } = await dock.client.call("build", { blueprint: file });
    await dock.client.call("create", { name, image: digest });
    await dock.client.call("unexpose", { name, hostPort: 8080, protocol: "tcp" });
    await dock.client.call("start", { names: [name] });
    return name;
  };
  const succeeds = async (name: Name, script: string, user = "0:0") =>
    (await dock.client.call("exec", { name, user, command: ["/bin/sh", "-c", script] })).exitCode === 0;
  const holds = async (name: Name) => {
    const { findings } = await dock.client.call("verify", { names: [name] });
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
    );
    return findings;
  };

  for (const profile of ["strict", "fixed"] as const) {
    test(`${profile}: scratch can be written, and nothing of the root`, async () => {
      const name = await start(profile);
      assert.equal(await succeeds(name, "echo x > /tmp/x"), true);
      assert.equal(await succeeds(name, "echo x > /etc/x"), false);
      assert.equal(await succeeds(name, "echo x > /usr/x"), false);
      await holds(name);
      await dock.client.call("destroy", { names: [name] });
    });
  }

  test("flexible: /etc and /var can be written until the next reset, and still nothing there can be executed", async () => {
    const name = await start("flexible");
    assert.equal(await succeeds(name, "echo x > /etc/x && mkdir /var/y && echo x > /var/y/z"), true);
    assert.equal(await succeeds(name, "echo x > /usr/x"), false);
    assert.equal(await succeeds(name, "cp /bin/true /etc/t && chmod 755 /etc/t && /etc/t"), false);
    const evidence = (await holds(name)).map((finding) => finding.evidence).join("\n");
    assert.match(evidence, /flexible/, "the loosening is named");
    await dock.client.call("reset", { names: [name] });
    assert.equal(await succeeds(name, "test ! -e /etc/x && test ! -e /var/y"), true);
    await dock.client.call("destroy", { names: [name] });
  });

  const withVolume = (profile: string) => {
    const file = path.join(folder, "nginx.yaml");
    const text = readFileSync(blueprintPath("nginx"), "utf8").replace(/^(?:writes|volumes):.*$/gm, "");
    writeFileSync(file, `${text}\nwrites: ${profile}\nvolumes: { data: { at: /srv/data, size: 32MiB } }\n`);
    return file;
  };

  test("strict: a volume is refused with the place of its line, and nothing is built", async () => {
    await assertRefused(
      dock,
      () => dock.client.call("build", { blueprint: withVolume("strict") }),
      "BLUEPRINT_INVALID",
      /^nginx\.yaml:\d+:1: volumes: writes: strict allows no volumes; expected writes: fixed, or no volumes$/,
    );
  });

  test("fixed: a volume is written where it was declared and outlives a reset, which scratch does not; nothing in it executes", async () => {
    const name = "volume" as Name;
    const { digest } = await dock.client.call("build", { blueprint: withVolume("fixed") });
    await dock.client.call("create", { name, image: digest });
    await dock.client.call("unexpose", { name, hostPort: 8080, protocol: "tcp" });
    await dock.client.call("start", { names: [name] });
    const { services } = (await dock.client.call("show", { name })).manifest;
    const owner = `${services[0]?.uid}:${services[0]?.gid}`;
    assert.equal(await succeeds(name, "echo kept > /srv/data/x && echo lost > /tmp/x", owner), true);
    assert.equal(await succeeds(name, "echo x > /srv/x", owner), false, "the place above it is sealed");
    assert.equal(
      await succeeds(name, "cp /bin/true /srv/data/t && chmod 755 /srv/data/t && test $(stat -c %a /srv/data/t) = 755", owner),
      true,
    );
    assert.equal(await succeeds(name, "/srv/data/t", owner), false);
    const evidence = (await holds(name)).find(({ row }) => row === "scratch.quota")?.evidence ?? "";
    assert.match(evidence, /volume data/);
    await dock.client.call("reset", { names: [name] });
    assert.equal(await succeeds(name, "test $(cat /srv/data/x) = kept && test ! -e /tmp/x", owner), true);
    await holds(name);
    await dock.client.call("destroy", { names: [name] });
  });

  test("scratch of one that is full stops nobody else, and a reset empties it", async () => {
    const [full, other] = ["full" as Name, "other" as Name];
    const { digest } = await buildReady(dock, "nginx");
    for (const name of [full, other]) {
      await dock.client.call("create", { name, image: digest });
      await dock.client.call("unexpose", { name, hostPort: 8080, protocol: "tcp" });
    }
    const hostPort = await freeHostPort();
    await dock.client.call("expose", { name: other, exposure: { hostPort, port: 80, protocol: "tcp" } });
    await dock.client.call("start", { names: [full, other] });
    const say = async (name: Name, script: string) => {
      const chunks: Buffer[] = [];
      const onData = (data: unknown) => void chunks.push(Buffer.from((data as { readonly bytes: string }).bytes, "base64"));
      await dock.client.call("exec", { name, user: "0:0", command: ["/bin/sh", "-c", script] }, { onData });
      return Buffer.concat(chunks).toString();
    };
    assert.match(await say(full, "cat /dev/zero > /tmp/big"), /No space left on device/);
    assert.match(await say(full, "cat /dev/zero > /var/tmp/x"), /No space left on device/, "all of its places are one scratch");
    assert.equal(await say(other, "head -c 1000000 /dev/zero > /tmp/big && wc -c < /tmp/big"), "1000000\n");
    assert.equal((await httpGet(`http://127.0.0.1:${hostPort}/`))?.status, 200);
    // Neither reading from it nor looking at it needs room.
    await holds(full);
    await holds(other);
    const before = (await dock.client.call("list", {})).iscs.find(({ name }) => name === other)?.pid;
    await dock.client.call("reset", { names: [full] });
    assert.equal(await say(full, "test ! -e /tmp/big && head -c 1000000 /dev/zero > /tmp/big && wc -c < /tmp/big"), "1000000\n");
    assert.equal((await dock.client.call("list", {})).iscs.find(({ name }) => name === other)?.pid, before);
    // Full again, it can be stopped and started like any other.
    assert.match(await say(full, "cat /dev/zero > /tmp/big"), /No space left on device/);
    await dock.client.call("restart", { names: [full] });
    await dock.client.call("destroy", { names: [full, other] });
  });
});
