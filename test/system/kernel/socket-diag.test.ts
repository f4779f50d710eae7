import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { listListeners } from "../../../src/host/kernel/socket-diag.ts";

test("a listening tcp port is listed, over IPv4 and IPv6, and a connected one is not", async () => {
  for (const host of ["127.0.0.1", "::1"]) {
    const server = createServer().listen(0, host);
    await once(server, "listening");
    const address = server.address();
    assert.ok(typeof address === "object" && address);
    const client = connect(address.port, host);
    await once(client, "connect");
    const ports = listListeners("tcp");
    assert.ok(ports.has(address.port));
    assert.ok(client.localPort !== undefined && !ports.has(client.localPort));
    client.destroy();
    server.close();
    await once(server, "close");
    assert.ok(!listListeners("tcp").has(address.port));
  }
});

test("a bound udp port is listed", async () => {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  assert.ok(listListeners("udp").has(port));
  socket.close();
  await once(socket, "close");
  assert.ok(!listListeners("udp").has(port));
});
