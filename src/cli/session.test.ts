import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { encodeFrame, encodeJsonFrame, type Frame, FrameDecoder } from "../api/terminal-frames.ts";
import { parseTerminalPath } from "../api/terminal-path.ts";
import { Problem } from "../base/problem.ts";
import { acceptTerminal, type Script, startFakeDock } from "./fake-dock.ts";
import { runFakeCli } from "./fake-io.ts";

/** A dock whose every command is cat: it gives back what it reads and ends with 7 at the end of input, or of the word "exit". */
async function startCat(script: Script = {}) {
  const requests: unknown[] = [];
  const dock = await startFakeDock(script, (path, stream) => {
    requests.push(parseTerminalPath(path));
    acceptTerminal(stream);
    const decoder = new FrameDecoder();
    stream.on("data", (chunk) => {
      for (const frame of decoder.push(chunk)) answer(frame, stream);
    });
  });
  return Object.assign(dock, { requests });
}

function answer({ kind, payload }: Frame, stream: Duplex): void {
  if (stream.writableEnded) return;
  if (kind === "stdin") stream.write(encodeFrame("stdout", payload));
  if (kind === "stdin-end" || Buffer.from(payload).includes("exit")) {
    stream.write(encodeFrame("stderr", Buffer.from("bye")));
    stream.end(encodeJsonFrame("exit", { exitCode: 7 }));
  }
}

test("piped input is forwarded to its end, and the command's exit code is ours", async () => {
  await using dock = await startCat();
  const input = "x".repeat(200_000);
  const { exitCode, stdout, stderr } = await runFakeCli(["exec", "web", "--", "cat"], { socket: dock.socket, input });
  assert.deepEqual([exitCode, stdout === input, stderr], [7, true, "bye"]);
  assert.deepEqual(dock.requests, [{ name: "web", command: ["cat"], tty: false }]);
});

test("between two terminals the command gets one, of our size and kind; raw mode is put back", async () => {
  await using dock = await startCat();
  const rawModes: boolean[] = [];
  const options = { socket: dock.socket, isTerminal: true, columns: 133, rawModes, input: "exit", environment: { TERM: "xterm" } };
  const { exitCode } = await runFakeCli(["exec", "web", "sh"], options);
  assert.equal(exitCode, 7);
  assert.deepEqual(rawModes, [true, false]);
  assert.deepEqual(dock.requests, [{ name: "web", command: ["sh"], environment: { TERM: "xterm" }, tty: true, columns: 133, rows: 24 }]);
});

test("raw mode is put back when the dock goes away", async () => {
  await using dock = await startFakeDock({}, (_, stream) => {
    acceptTerminal(stream);
    setTimeout(() => stream.destroy(), 10);
  });
  const rawModes: boolean[] = [];
  const { exitCode, stderr } = await runFakeCli(["exec", "-t", "web", "sh"], { socket: dock.socket, isTerminal: true, rawModes });
  assert.deepEqual([exitCode, rawModes], [4, [true, false]]);
  assert.match(stderr, /the dock went away while the command ran/);
});

test("a command that cannot be started is the dock's problem", async () => {
  await using dock = await startFakeDock({}, (_, stream) => {
    acceptTerminal(stream);
    stream.end(encodeJsonFrame("problem", new Problem("PROGRAM_MISSING", "cannot run x in web: there is no such program")));
  });
  const { exitCode, stderr } = await runFakeCli(["exec", "web", "x"], { socket: dock.socket, input: "" });
  assert.deepEqual([exitCode, stderr], [1, "iscadm: cannot run x in web: there is no such program (PROGRAM_MISSING)\n"]);
});

test("without input the command's output comes to the stream it was written to", async () => {
  const data = [
    { stream: "stdout", bytes: btoa("out") },
    { stream: "stderr", bytes: btoa("err") },
  ];
  await using dock = await startFakeDock({ exec: { data, result: { exitCode: 5 } } });
  assert.deepEqual(await runFakeCli(["exec", "web", "true"], dock), { exitCode: 5, stdout: "out", stderr: "err" });
});

test("-t without a terminal is refused", async () => {
  const { exitCode, stderr } = await runFakeCli(["exec", "-t", "web", "sh"], { input: "" });
  assert.equal(exitCode, 2);
  assert.match(stderr, /cannot give the command a terminal: standard input is none/);
});

test("a console is the image's best shell", async () => {
  await using dock = await startCat({ exec: { data: [{ stream: "stdout", bytes: btoa("/usr/bin/bash\n") }], result: { exitCode: 0 } } });
  await runFakeCli(["console", "web", "-u", "root"], { socket: dock.socket, isTerminal: true, input: "exit" });
  assert.deepEqual(dock.requests, [{ name: "web", command: ["/usr/bin/bash"], user: "root", tty: true, columns: 100, rows: 24 }]);
});

test("an image without a shell has no console, and that is said", async () => {
  const missing = new Problem("COMMAND_FAILED", "crun: executable file `/bin/sh` not found");
  for (const reply of [{ result: { exitCode: 127 } }, { problem: missing }]) {
    await using dock = await startFakeDock({ exec: reply });
    const { exitCode, stderr } = await runFakeCli(["console", "web", "--no-color"], { socket: dock.socket, isTerminal: true });
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /cannot open a console in web: its image has no shell\n {2}hint: run a program that it has: iscadm exec web -- PROGRAM/,
    );
  }
});
