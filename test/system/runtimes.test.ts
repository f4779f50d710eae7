/** The same contract under each OCI runtime: runc instead of crun, and gVisor. */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Name } from "../../src/model/name.ts";
import { blueprintPath } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { freeHostPort } from "./support/free-port.ts";
import { waitForPage } from "./support/http-get.ts";
import { hasAudit } from "./support/kernel-audit.ts";

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

/** What walls a process in, as the kernel tells of it from outside. */
function wallsOf(pid: number) {
  const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8");
  const namespaces = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"].map((name) => readlinkSync(`/proc/${pid}/ns/${name}`));
  const status = read("status").match(/^(Uid|Gid|Groups|Cap\w+|NoNewPrivs|Seccomp\w*):.*$/gm);
  const root = statSync(`/proc/${pid}/root`);
  return {
    namespaces,
    status,
    cgroups: read("cgroup"),
    limits: read("limits"),
    environment: read("environ").split("\0").sort(),
    root: [root.dev, root.ino],
    directory: readlinkSync(`/proc/${pid}/cwd`),
    mounts: read("mountinfo"),
    idMap: read("uid_map"),
  };
}

async function assertExecIsWalledIn(dock: TestDock): Promise<void> {
  const run = async (command: readonly string[]) => {
    let output = "";
    const onData = (data: unknown) => {
      output += Buffer.from((data as { readonly bytes: string }).bytes, "base64").toString();
    };
    const { exitCode } = await dock.client.call("exec", { name: web, command: [...command], environment: { GIVEN: "one" } }, { onData });
    return { exitCode, output };
  };
  const sleeping = run(["/bin/sleep", "2"]);
  const one = (await dock.client.call("list", {})).iscs.find(({ name }) => name === web)?.pid ?? 0;
  const guest = await findGuest(one);
  const walls = wallsOf(one);
  assert.deepEqual(wallsOf(guest), { ...walls, environment: [...walls.environment, "GIVEN=one"].sort() });
  const { findings } = await dock.client.call("verify", { names: [web] });
  assert.deepEqual(
    findings.filter(({ verdict }) => verdict === "FAIL"),
    [],
  );
  assert.equal((await sleeping).exitCode, 0);
  assert.equal((await run(["/bin/sh", "-c", "exit 7"])).exitCode, 7);
  const missing = await run(["/bin/missing"]);
  assert.notEqual(missing.exitCode, 0);
  assert.match(missing.output, /\/bin\/missing.*no such file/is);
  await assertNothingWaits(dock, one);
}

/** An ended process that nobody reaps keeps the pid namespace, and with it the next stop, waiting: the machine's init is not relied on. */
async function assertNothingWaits(dock: TestDock, one: number): Promise<void> {
  const namespace = readlinkSync(`/proc/${one}/ns/pid`);
  const listEnded = () =>
    readdirSync("/proc").flatMap((entry) => {
      try {
        const status = readFileSync(`/proc/${entry}/status`, "utf8");
        const parent = Number(/^PPid:\t(\d+)/m.exec(status)?.[1]);
        const isOurs = parent === dock.pid || readlinkSync(`/proc/${entry}/ns/pid`) === namespace;
        return isOurs && /^State:\tZ/m.test(status) ? [{ parent, status }] : [];
      } catch {
        return [];
      }
    });
  for (const { parent, status } of listEnded()) assert.equal(parent, dock.pid, status);
  for (const deadline = Date.now() + 5_000; listEnded().length > 0 && Date.now() < deadline; ) await sleep(10);
  assert.deepEqual(listEnded(), []);
}

/** The process `sleep` in the pid namespace of an ISC's process 1, as the host numbers it. */
async function findGuest(one: number): Promise<number> {
  const namespace = readlinkSync(`/proc/${one}/ns/pid`);
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await sleep(10)) {
    for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
      try {
        if (readlinkSync(`/proc/${name}/ns/pid`) === namespace && readFileSync(`/proc/${name}/comm`, "utf8") === "sleep\n")
          return Number(name);
      } catch {
        // It ended in this moment.
      }
    }
  }
  return assert.fail("nothing runs inside");
}

describe("other runtimes", () => {
  for (const runtime of ["crun", "runc"]) {
    test(`under ${runtime} a command run inside stands behind the same walls as the service`, async () => {
      await using dock = await TestDock.start({ environment: { ISC_RUNTIME: runtime } });
      const { digest } = await dock.client.call("build", { blueprint: blueprintPath("nginx") });
      await dock.client.call("create", { name: web, image: digest });
      await dock.client.call("unexpose", { name: web, hostPort: 8080, protocol: "tcp" });
      await dock.client.call("start", { names: [web] });
      await assertExecIsWalledIn(dock);
    });
  }

  test("under runc an ISC keeps the whole contract", async () => {
    await using dock = await TestDock.start({ environment: { ISC_RUNTIME: "runc" } });
    const passed = await runAndVerify(dock, blueprintPath("nginx"));
    assert.equal(passed.length, hasAudit() ? 24 : 23);
  });

  test("under gVisor what can be seen from outside holds, and nothing fails", {
    skip: !existsSync("/usr/bin/runsc") && "runsc is not installed",
  }, async () => {
    await using dock = await TestDock.start();
    using blueprint = blueprintWith("containment: gvisor");
    const passed = await runAndVerify(dock, blueprint.file);
    for (const row of [
      "net.inbound",
      "net.outbound",
      "root.signed",
      "limit.memory",
      "scratch.encrypted",
      ...(hasAudit() ? ["audit.on"] : []),
    ])
      assert.ok(passed.includes(row), `${row} of ${passed}`);
    const chunks: string[] = [];
    const onData = (data: unknown) => void chunks.push(Buffer.from((data as { readonly bytes: string }).bytes, "base64").toString());
    await dock.client.call("exec", { name: web, command: ["/bin/cat", "/proc/version"] }, { onData });
    assert.doesNotMatch(chunks.join(""), new RegExp(readFileSync("/proc/sys/kernel/osrelease", "utf8").trim()), "a kernel of its own");
  });
});
