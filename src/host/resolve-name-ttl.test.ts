import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { type Answer, decode, encode } from "dns-packet";
import { addressesInHosts, type NameSources, resolveNameTtl } from "./resolve-name-ttl.ts";

const records: readonly Answer[] = [
  { type: "A", name: "both.test", data: "192.0.2.1", ttl: 77 },
  { type: "AAAA", name: "both.test", data: "2001:db8::1", ttl: 66 },
  { type: "A", name: "four.test", data: "192.0.2.4", ttl: 5 },
];
const nameError = 3;
const serverFailure = 2;

/** A name server on a port of its own. */
async function serve() {
  const socket = createSocket("udp4");
  socket.on("message", (bytes, { port, address }) => {
    const query = decode(bytes);
    const question = query.questions?.[0];
    const named = records.filter(({ name }) => name === question?.name);
    const failure = question?.name === "broken.test" ? serverFailure : named.length === 0 ? nameError : 0;
    const answers = named.filter(({ type }) => type === question?.type);
    socket.send(encode({ type: "response", id: query.id, flags: 0x180 | failure, questions: query.questions, answers }), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { server: `127.0.0.1:${socket.address().port}`, [Symbol.dispose]: () => void socket.close() };
}

test("names come from the hosts file, then from DNS with its times, then from elsewhere", async () => {
  using dns = await serve();
  const others = async (name: string) => (name === "elsewhere.test" ? ["192.0.2.9"] : []);
  const sources: NameSources = { hostsFile: "/dev/null", servers: [dns.server], others };
  const both = await resolveNameTtl("both.test", sources);
  assert.deepEqual(both, {
    kind: "found",
    addresses: [
      { address: "192.0.2.1", ttlSeconds: 77 },
      { address: "2001:db8::1", ttlSeconds: 66 },
    ],
  });
  assert.deepEqual(await resolveNameTtl("four.test", sources), { kind: "found", addresses: [{ address: "192.0.2.4", ttlSeconds: 5 }] });
  assert.deepEqual(await resolveNameTtl("elsewhere.test", sources), {
    kind: "found",
    addresses: [{ address: "192.0.2.9", ttlSeconds: 30 }],
  });
  assert.deepEqual(await resolveNameTtl("none.test", sources), { kind: "none" });
  assert.deepEqual(await resolveNameTtl("broken.test", sources), { kind: "failed" });
});

test("a hosts file has names in any case, aliases and comments", () => {
  const text = "127.0.0.1\tlocalhost\n# 10.0.0.9 api.test\n10.0.0.1  API.test alias # 10.0.0.2 alias\n::5 alias\n";
  assert.deepEqual(addressesInHosts(text, "api.test"), ["10.0.0.1"]);
  assert.deepEqual(addressesInHosts(text, "alias"), ["10.0.0.1", "::5"]);
  assert.deepEqual(addressesInHosts(text, "test"), []);
});
