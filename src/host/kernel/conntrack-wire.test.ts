import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTrackedConnection } from "./conntrack-wire.ts";
import { attribute, nestedAttribute } from "./netlink-message.ts";
import { parseIpAddress } from "./network-address.ts";

const port = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const tuple = (
  type: number,
  [source, sourcePort]: readonly [string, number],
  [destination, toPort]: readonly [string, number],
  protocol = 6,
) => {
  const first = source.includes(":") ? 3 : 1;
  const nested = 0x8000;
  return nestedAttribute(type | nested, [
    nestedAttribute(1 | nested, [attribute(first, parseIpAddress(source).bytes), attribute(first + 1, parseIpAddress(destination).bytes)]),
    nestedAttribute(2 | nested, [attribute(1, Buffer.from([protocol])), attribute(2, port(sourcePort)), attribute(3, port(toPort))]),
  ]);
};
const message = (...attributes: readonly Buffer[]) => Buffer.concat([Buffer.from([2, 0, 0, 0]), ...attributes]);

test("a translated connection is told with both of its faces", () => {
  const found = parseTrackedConnection(
    message(tuple(1, ["192.0.2.9", 40_000], ["192.0.2.1", 8_080]), tuple(2, ["10.1.0.2", 80], ["192.0.2.9", 40_000])),
  );
  assert.deepEqual(found, {
    protocol: "tcp",
    source: "192.0.2.9",
    sourcePort: 40_000,
    destination: "192.0.2.1",
    port: 8_080,
    target: "10.1.0.2",
    targetPort: 80,
    answersTo: "192.0.2.9",
  });
});

test("IPv6 addresses are written as the firewall writes them", () => {
  const found = parseTrackedConnection(
    message(tuple(1, ["fd15:c123:123:1::2", 1], ["2001:db8::1", 53], 17), tuple(2, ["2001:db8::1", 53], ["2001:db8:1::1", 1], 17)),
  );
  assert.deepEqual([found?.protocol, found?.source, found?.answersTo], ["udp", "fd15:c123:123:1::2", "2001:db8:1::1"]);
});

test("half a connection is none, and a wrong length is refused", () => {
  assert.equal(parseTrackedConnection(message(tuple(1, ["192.0.2.9", 1], ["192.0.2.1", 2]))), undefined);
  const broken = message(tuple(1, ["192.0.2.9", 1], ["192.0.2.1", 2]));
  broken.writeUInt16LE(200, 4);
  assert.throws(() => parseTrackedConnection(broken), /length 200/);
});
