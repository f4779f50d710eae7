import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DockClient } from "../api/node-client.ts";
import { dialProgram } from "./dial-ssh.ts";
import { runFakeCli } from "./fake-io.ts";

/** A folder for a dock's state and socket, and a program that stands in for the dock. */
async function makeDockFolder(lines: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), "start-dock-"));
  const program = join(folder, "dock");
  await writeFile(program, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
  const environment = { PATH: process.env.PATH ?? "", ISC_ROOT: join(folder, "root"), ISC_RUN: folder, NODE_OPTIONS: "--no-such-option" };
  return {
    options: { dockProgram: program, environment, isRoot: true },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

/** Answers one list, then ends: nothing stays behind. */
const oneAnswer = `
  const server = require("node:http").createServer((request, response) => {
    if (process.env.NODE_OPTIONS) throw new Error("inherited");
    response.end('{"result":{"iscs":[]}}', () => process.exit());
  });
  setTimeout(() => process.exit(), 10000);
  server.listen(process.env.ISC_RUN + "/dock.sock");
`.replaceAll("\n", " ");

test("root's command starts the dock, with its places and without the caller's other variables", async () => {
  await using folder = await makeDockFolder(["sleep 0.1", `exec '${process.execPath}' -e '${oneAnswer.replaceAll("'", "'\\''")}'`]);
  const { exitCode, stdout, stderr } = await runFakeCli(["ls", "-q"], folder.options);
  assert.deepEqual([exitCode, stdout, stderr], [0, "", ""]);
});

test("a dock that ends at once is a problem that shows its last words", async () => {
  await using folder = await makeDockFolder(["echo first words", "echo no kernel for this >&2", "exit 3"]);
  const { exitCode, stderr } = await runFakeCli(["ls"], folder.options);
  assert.deepEqual(
    [exitCode, stderr],
    [
      4,
      `iscadm: cannot start the dock: it exited with 3\n  first words\n  no kernel for this\n  hint: its log is ${folder.options.environment.ISC_ROOT}/dock.log (DOCK_UNREACHABLE)\n`,
    ],
  );
});

test("a dock program that is missing is a problem too", async () => {
  await using folder = await makeDockFolder([]);
  const { exitCode, stderr } = await runFakeCli(["ls"], { ...folder.options, dockProgram: "/nowhere/dock" });
  assert.equal(exitCode, 4);
  assert.match(stderr, /cannot start the dock: spawn \/nowhere\/dock ENOENT/);
});

test("a dock on another machine that cannot be reached says what ended", async () => {
  const client = new DockClient(dialProgram("false", [], "the dock of box"));
  await assert.rejects(client.call("list", {}), { code: "DOCK_UNREACHABLE", message: "cannot reach the dock of box: false exited with 1" });
  const missing = new DockClient(dialProgram("/nowhere/ssh", [], "the dock of box"));
  await assert.rejects(missing.call("list", {}), {
    code: "DOCK_UNREACHABLE",
    message: /cannot reach the dock of box: \/nowhere\/ssh cannot be run/,
  });
});
