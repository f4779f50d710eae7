import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseIpAddress, parseMac } from "./network-address.ts";
import { parsePacketHeaders } from "./nflog-packet.ts";
import {
  makeArp,
  makeDatagram,
  makeDhcp,
  makeEchoRequest,
  makeFrame,
  makeNeighbourAdvertisement,
  makeRouterAdvertisement,
  makeSyn,
} from "./probe-frames.ts";
import { findProbe, makeRun, nonceOf } from "./probe-mark.ts";

const run = makeRun(Buffer.from("00112233445566778899aabb", "hex"), 1_000);
const number = run.first + 7;
const nonce = nonceOf(run, number);
const ip = (text: string) => parseIpAddress(text).bytes;
const ways = [
  { source: ip("10.77.0.1"), destination: ip("10.77.0.2"), hops: 2 },
  { source: ip("fd77::1"), destination: ip("fd77::2"), hops: 2 },
];
const mac = parseMac("02:15:c0:01:00:01");
const [way4, way6] = ways as [(typeof ways)[0], (typeof ways)[0]];

const packets = [
  ...ways.flatMap((way) => [
    makeSyn(way, { sourcePort: 20_000, port: 80, sequence: number }),
    makeDatagram(way, { sourcePort: 20_000, port: 53, data: nonce }),
    makeEchoRequest(way, { identifier: 9, data: nonce }),
  ]),
  makeRouterAdvertisement(way6, { prefix: ip("fd01::"), nonce }),
  makeNeighbourAdvertisement(way6, { target: ip("fd77::3"), mac, nonce }),
  makeDhcp(way4, { message: "discover", mac, nonce }),
  makeArp({ operation: "reply", mac, claimed: way4.source, about: way4.source, nonce }),
];

test("each probe is known again by its bytes alone, and by no other test", () => {
  const other = makeRun(Buffer.alloc(12, 0x77), 1_000);
  for (const packet of packets) {
    assert.equal(findProbe(run, packet), number);
    assert.equal(findProbe(other, packet), undefined);
  }
});

test("an answer is no arrival", () => {
  const answer = makeSyn(way4, { sourcePort: 80, port: 20_000, sequence: number });
  answer.writeUInt8(0x12, 33);
  assert.equal(findProbe(run, answer), undefined);
  for (const [way, at, type] of [
    [way4, 20, 0],
    [way6, 40, 129],
  ] as const) {
    const reply = makeEchoRequest(way, { identifier: 9, data: nonce });
    reply.writeUInt8(type, at);
    assert.equal(findProbe(run, reply), undefined);
  }
});

test("what is made says what was asked for, and frames say of what kind it is", () => {
  const [syn] = packets;
  assert(syn);
  const { source, destination, sourcePort, port, flags } = parsePacketHeaders(syn) ?? {};
  assert.deepEqual([source, destination, sourcePort, port, flags], ["10.77.0.1", "10.77.0.2", 20_000, 80, "SYN"]);
  const kinds = packets.map((packet) => makeFrame({ from: mac, to: mac }, packet, packet[0] === 0 ? "arp" : "ip").readUInt16BE(12));
  assert.deepEqual([...new Set(kinds)], [0x0800, 0x86dd, 0x0806]);
});

test("no packet is too odd to be looked at", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(undefined, 6, 17, 58), fc.nat(), (bytes, protocol, cut) => {
      findProbe(run, Buffer.from(bytes), protocol);
      const whole = packets[cut % packets.length] ?? Buffer.alloc(0);
      findProbe(run, Buffer.concat([whole.subarray(0, cut % whole.length), Buffer.from(bytes)]), protocol);
    }),
  );
});

test("the numbers of a test never wrap", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.integer({ min: 1, max: 1_000_000 }), (random, count) => {
      const { first } = makeRun(Buffer.from(random), count);
      assert(first >= 1 && first + count - 1 < 2 ** 32);
    }),
  );
});
