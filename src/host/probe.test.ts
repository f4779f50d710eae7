import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { createProbe } from "./probe.ts";

const probe = createProbe();

/** A server that says this to whoever asks, and what its port is. */
async function listening(answer: (socket: Socket) => void): Promise<{ readonly port: number; readonly server: Server } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  return {
    port: address.port,
    server,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const http = (port: number, timeoutMs = 2_000) => probe.http({ address: "127.0.0.1", port, timeoutMs, path: "/health", host: "web" });

test("a page from 200 to 399 is well, anything else is told", async () => {
  const answers: Readonly<Record<string, string | undefined>> = {
    "HTTP/1.1 200 OK\r\n\r\n": undefined,
    "HTTP/1.0 301 Moved\r\n\r\n": undefined,
    "HTTP/1.1 404 Not Found\r\n\r\n": "HTTP status 404",
    "HTTP/1.1 503 Busy\r\n\r\n": "HTTP status 503",
    "SSH-2.0-x\r\n": "an answer that is no HTTP",
    "": "closed without an answer",
  };
  for (const [answer, wanted] of Object.entries(answers)) {
    let asked = "";
    await using server = await listening((socket) =>
      socket.on("data", (chunk) => {
        asked += String(chunk);
        socket.end(answer);
      }),
    );
    assert.equal(await http(server.port), wanted, answer);
    assert.match(asked, /^GET \/health HTTP\/1\.1\r\nHost: web\r\n/);
  }
});

test("a status line that comes in pieces is waited for; one that never comes is late", async () => {
  await using slow = await listening((socket) => {
    socket.write("HTTP/1.1 2");
    setTimeout(() => socket.write("04 No Content\r\n\r\n"), 20);
  });
  assert.equal(await http(slow.port), undefined);
  await using silent = await listening(() => undefined);
  assert.equal(await http(silent.port, 50), "no answer within 50 ms");
});

test("a port that opens is well for tcp; one that nobody listens on is refused", async () => {
  const server = await listening(() => undefined);
  const target = { address: "127.0.0.1", port: server.port, timeoutMs: 1_000 };
  assert.equal(await probe.tcp(target), undefined);
  await server[Symbol.asyncDispose]();
  assert.equal(await probe.tcp(target), "ECONNREFUSED");
});
