import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { test } from "node:test";
import { Problem } from "../base/problem.ts";
import { acceptTerminal, startFakeDock } from "../cli/fake-dock.ts";
import { DockClient, dialSocket, isDockAbsent } from "./node-client.ts";
import { encodeFrame, FrameDecoder } from "./terminal-frames.ts";
import { parseTerminalPath } from "./terminal-path.ts";

test("an operation's result comes back, and the dock was asked with the input", async () => {
  await using dock = await startFakeDock({ snapshots: { result: { snapshots: [] } } });
  assert.deepEqual(await clientOf(dock.socket).call("snapshots", { name: "web" }), { snapshots: [] });
  assert.deepEqual(dock.asked, [["snapshots", { name: "web" }]]);
});

test("one JSON document without a line end is an answer too", async () => {
  await using dock = await startFakeDock({ list: { raw: '{"result":{"iscs":[]}}' } });
  assert.deepEqual(await clientOf(dock.socket).call("list", {}), { iscs: [] });
});

test("progress and data are told before the result", async () => {
  const progress = { step: "packages", text: "installing nginx-light" };
  await using dock = await startFakeDock({ build: { progress: [progress], data: [1, 2], result: { digest: "sha256:0" } } });
  const told: unknown[] = [];
  const options = { onProgress: (seen: unknown) => told.push(seen), onData: (seen: unknown) => told.push(seen) };
  const answer = await clientOf(dock.socket).call("build", { blueprint: "/web.yaml" }, options);
  assert.deepEqual([...told, answer], [progress, 1, 2, { digest: "sha256:0" }]);
});

test("a problem of the dock is thrown as it was", async () => {
  const problem = new Problem("ISC_UNKNOWN", "no ISC is named web", { hint: "iscadm ls", details: ["a"] });
  await using dock = await startFakeDock({ show: { problem } });
  await assert.rejects(clientOf(dock.socket).call("show", { name: "web" }), problem);
});

test("a missing socket and a socket that nobody serves mean that the dock is absent", async () => {
  const error = await clientOf("/nowhere/dock.sock")
    .call("list", {})
    .catch((cause: unknown) => cause);
  assert.ok(error instanceof Problem);
  assert.equal(error.code, "DOCK_UNREACHABLE");
  assert.equal(error.message, "cannot reach the dock: there is no socket at /nowhere/dock.sock");
  assert.ok(isDockAbsent(error));
});

test("a socket that may not be opened is another thing than an absent dock", {
  skip: process.getuid?.() === 0 && "root may open it",
}, async () => {
  await using dock = await startFakeDock({});
  await chmod(dock.socket, 0);
  const error = await clientOf(dock.socket)
    .call("list", {})
    .catch((cause: unknown) => cause);
  assert.ok(error instanceof Problem && !isDockAbsent(error));
});

test("a dock that goes away in the middle is said so", async () => {
  await using dock = await startFakeDock({ start: { progress: [{ step: "root", text: "mounting" }], hangUp: true } });
  await assert.rejects(clientOf(dock.socket).call("start", { names: ["web"] }), {
    code: "DOCK_UNREACHABLE",
    message: "the dock went away before it had answered",
  });
});

test("an answer that is no JSON, or has no result, is not understood", async () => {
  await using dock = await startFakeDock({ list: { raw: "<html>" }, snapshots: { raw: '{"other":1}' }, images: { raw: "" } });
  const client = clientOf(dock.socket);
  await assert.rejects(client.call("list", {}), { code: "BUG", message: "the dock's answer is not understood (HTTP 200)" });
  await assert.rejects(client.call("snapshots", {}), { code: "BUG" });
  await assert.rejects(client.call("images", {}), { code: "DOCK_UNREACHABLE" });
});

test("an abort ends the call with the signal's reason and closes the connection", async () => {
  await using dock = await startFakeDock({ logs: { data: [{ stream: "stdout", bytes: "" }], stay: true } });
  const abort = new AbortController();
  const reason = new Error("enough");
  const call = clientOf(dock.socket).call(
    "logs",
    { name: "web", follow: true },
    { signal: abort.signal, onData: () => abort.abort(reason) },
  );
  await assert.rejects(call, reason);
  while (dock.abandoned() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("a terminal carries frames both ways", async () => {
  const paths: string[] = [];
  await using dock = await startFakeDock({}, (path, stream) => {
    paths.push(path);
    acceptTerminal(stream);
    const decoder = new FrameDecoder();
    stream.on("data", (chunk) => {
      for (const { payload } of decoder.push(chunk)) stream.end(encodeFrame("stdout", payload));
    });
  });
  const request = { name: "web", command: ["cat", "–"], tty: false };
  const stream = await clientOf(dock.socket).terminal(request);
  stream.write(encodeFrame("stdin", Buffer.from("hello")));
  const bytes = Buffer.concat(await Array.fromAsync(stream));
  assert.deepEqual(
    new FrameDecoder().push(bytes).map(({ kind, payload }) => [kind, Buffer.from(payload).toString()]),
    [["stdout", "hello"]],
  );
  assert.deepEqual(parseTerminalPath(paths[0] ?? ""), request);
});

test("a terminal that the dock refuses throws its problem", async () => {
  const problem = '{"problem":{"code":"ISC_UNKNOWN","message":"no ISC is named web"}}';
  await using dock = await startFakeDock({}, (_, stream) => {
    stream.end(`HTTP/1.1 404 Not Found\r\nContent-Length: ${problem.length}\r\n\r\n${problem}`);
  });
  await assert.rejects(clientOf(dock.socket).terminal({ name: "web", command: ["sh"], tty: true }), { code: "ISC_UNKNOWN" });
});

function clientOf(socket: string): DockClient {
  return new DockClient(dialSocket(socket));
}
