/** The same contract under each OCI runtime: runc instead of crun, and gVisor. */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import type { Name } from "../../src/model/name.ts";
import { blueprintPath } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { freeHostPort } from "./support/free-port.ts";
import { waitForPage } from "./support/http-get.ts";

const web = "web" as Name;

/** A copy of the nginx blueprint with one more line. */
function blueprintWith(line: string): { readonly file: string } & Disposable {
  const folder = mkdtempSync("/var/tmp/isc-test-blueprint-");
  cpSync(path.dirname(blueprintPath("nginx")), folder, { recursive: true });
  const file = path.join(folder, "nginx.yaml");
  writeFileSync(file, `${readFileSync(file, "utf8")}\n${line}\n`);
  return { file, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

async function runAndVerify(dock: TestDock, blueprint: string): Promise<readonly string[]> {
  const { digest } = await dock.client.call("build", { blueprint });
  await dock.client.call("create", { name: web, image: digest });
  await dock.client.call("unexpose", { name: web, hostPort: 8080, protocol: "tcp" });
  const port = await freeHostPort();
  await dock.client.call("expose", { name: web, exposure: { hostPort: port, port: 80, protocol: "tcp" } });
  await dock.client.call("start", { names: [web] });
  assert.equal((await waitForPage(`http://127.0.0.1:${port}/`)).status, 200);
  const { findings } = await dock.client.call("verify", { names: [web] });
  assert.deepEqual(
    findings.filter(({ verdict }) => verdict === "FAIL"),
    [],
  );
  await dock.client.call("reset", { names: [web] });
  assert.equal((await waitForPage(`http://127.0.0.1:${port}/`)).status, 200, "after reset");
  return findings.filter(({ verdict }) => verdict === "PASS").map(({ row }) => row);
}

describe("other runtimes", () => {
  test("under runc an ISC keeps the whole contract", async () => {
    await using dock = await TestDock.start({ environment: { ISC_RUNTIME: "runc" } });
    const passed = await runAndVerify(dock, blueprintPath("nginx"));
    assert.equal(passed.length, 22);
  });

  test("under gVisor what can be seen from outside holds, and nothing fails", {
    skip: !existsSync("/usr/bin/runsc") && "runsc is not installed",
  }, async () => {
    await using dock = await TestDock.start();
    using blueprint = blueprintWith("containment: gvisor");
    const passed = await runAndVerify(dock, blueprint.file);
    for (const row of ["net.inbound", "net.outbound", "root.signed", "limit.memory", "scratch.encrypted"])
      assert.ok(passed.includes(row), `${row} of ${passed}`);
    const chunks: string[] = [];
    const onData = (data: unknown) => void chunks.push(Buffer.from((data as { readonly bytes: string }).bytes, "base64").toString());
    await dock.client.call("exec", { name: web, command: ["/bin/cat", "/proc/version"] }, { onData });
    assert.doesNotMatch(chunks.join(""), new RegExp(readFileSync("/proc/sys/kernel/osrelease", "utf8").trim()), "a kernel of its own");
  });
});
