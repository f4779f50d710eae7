/** What each write profile lets a service change, and that a reset takes it back. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Name } from "../../src/model/name.ts";
import { blueprintPath } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";

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
  const succeeds = async (name: Name, script: string) =>
    (await dock.client.call("exec", { name, user: "0:0", command: ["/bin/sh", "-c", script] })).exitCode === 0;
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
});
