import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { DockClient } from "../api/node-client.ts";
import { dialProgram } from "../cli/dial-ssh.ts";
import { fakeAnswers, scriptOf } from "../cli/fake-answers.ts";
import { startFakeDock } from "../cli/fake-dock.ts";

const program = fileURLToPath(new URL("iscadm.ts", import.meta.url));
const launcher = fileURLToPath(new URL("../../bin/iscadm", import.meta.url));

test("the launcher runs the command and passes its exit code on", () => {
  const version = spawnSync(launcher, ["--version"], { encoding: "utf8", cwd: "/" });
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal(spawnSync(launcher, ["--no-such"], { encoding: "utf8" }).status, 2);
});

test("a reader that has seen enough is no error", async () => {
  const data = Array.from({ length: 200 }, () => ({ stream: "stdout", bytes: Buffer.alloc(10_000, "x\n").toString("base64") }));
  await using dock = await startFakeDock({ logs: { data, result: {} } });
  const child = spawn("/bin/sh", ["-c", `"$0" "$1" --dock "$2" logs web | head -1; true`, process.execPath, program, dock.socket]);
  const [output, errors] = await Promise.all([Array.fromAsync(child.stdout), Array.fromAsync(child.stderr)]);
  assert.deepEqual([Buffer.concat(output).toString(), Buffer.concat(errors).toString()], ["x\n", ""]);
});

test("Ctrl-C ends a following command with 130 and closes its request", async () => {
  await using dock = await startFakeDock({ logs: { data: [{ stream: "stdout", bytes: "YQ==" }], stay: true } });
  const child = spawn(process.execPath, [program, "--dock", dock.socket, "logs", "-f", "web"]);
  await once(child.stdout, "data");
  child.kill("SIGINT");
  assert.deepEqual(await once(child, "exit"), [130, null]);
  while (dock.abandoned() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("dial joins its streams to the dock, so that a client can speak through it", async () => {
  await using dock = await startFakeDock(scriptOf());
  const client = new DockClient(dialProgram(process.execPath, [program, "--dock", dock.socket, "dial"], "the dock behind dial"));
  assert.deepEqual(await client.call("list", {}), JSON.parse(JSON.stringify(fakeAnswers.list)));
  assert.deepEqual(await client.call("verify", {}), fakeAnswers.verify);
});
