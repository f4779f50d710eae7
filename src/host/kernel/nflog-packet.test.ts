import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseLoggedPacket, parsePacketHeaders } from "./nflog-packet.ts";

/** Messages of Linux 6.18, in the payload of their netlink frame. */
const captured = {
  icmp: "020007d0080001000800030008000a006f757400080005000000000108000b000000000008000e0000000000200009004500001ca2a9400040019a2d7f0000017f0000090800f7ff00000000",
  tcp: "020007d0080001000800030008000a006f757400080005000000000108000b000000000008000e0000000000400009004500003c32c84000400609ea7f0000017f000009c30e0050944e614d00000000a002ffd7fe3800000204ffd70402080af3d47491000000000103030a",
  tcp6: "0a0007d00800010086dd030007000a00696e0000080005000000000108000b000000000008000e00000000005400090060056399002806400000000000000000000000000000000100000000000000000000000000000001967e01bbf854587e00000000a002ffc4003000000204ffc40402080ad24f0a34000000000103030a",
  udp: "020007d0080001000800030008000a006f757400080005000000000108000b000000000008000e0000000000220009004500001e11a7400040112b1e7f0000017f000009ab810035000afe2568690000",
  udp6: "0a0007d00800010086dd030007000a00696e0000080005000000000108000b000000000008000e0000000000360009006000b7af000a1140000000000000000000000000000000010000000000000000000000000000000184580036000a001d68690000",
} as const;

const read = (name: keyof typeof captured) => parseLoggedPacket(Buffer.from(captured[name], "hex"));

test("captured packets say who wanted what of whom", () => {
  const out = { prefix: "out", outIndex: 1 };
  const to = { source: "127.0.0.1", destination: "127.0.0.9" };
  assert.deepEqual(read("icmp"), { ...out, headers: { ...to, protocol: "icmp", icmpType: 8, icmpId: 0 } });
  assert.deepEqual(read("tcp"), { ...out, headers: { ...to, protocol: "tcp", sourcePort: 49_934, port: 80, flags: "SYN" } });
  assert.deepEqual(read("udp"), { ...out, headers: { ...to, protocol: "udp", sourcePort: 43_905, port: 53 } });
  const to6 = { source: "::1", destination: "::1" };
  assert.deepEqual(read("tcp6"), {
    prefix: "in",
    outIndex: 1,
    headers: { ...to6, protocol: "tcp", sourcePort: 38_526, port: 443, flags: "SYN" },
  });
  assert.deepEqual(read("udp6").headers, { ...to6, protocol: "udp", sourcePort: 33_880, port: 54 });
});

const ip6 = (next: number, rest: readonly number[]) => {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt8(next, 6);
  return Buffer.concat([header, Buffer.from(rest)]);
};

test("ports are found behind options and extension headers, and never in a later fragment", () => {
  const withOptions = Buffer.concat([Buffer.alloc(24), Buffer.from([0, 1, 0, 2])]);
  withOptions.writeUInt8(0x46, 0);
  withOptions.writeUInt8(17, 9);
  assert.equal(parsePacketHeaders(withOptions)?.port, 2);
  withOptions.writeUInt16BE(1, 6);
  assert.equal(parsePacketHeaders(withOptions)?.port, undefined);
  const hop = [17, 0, 0, 0, 0, 0, 0, 0];
  assert.equal(parsePacketHeaders(ip6(0, [...hop, 0, 1, 0, 2]))?.port, 2);
  const fragment = (offset: number) => [17, 0, 0, offset, 0, 0, 0, 1];
  assert.equal(parsePacketHeaders(ip6(44, [...fragment(1), 0, 1, 0, 2]))?.port, 2);
  assert.equal(parsePacketHeaders(ip6(44, [...fragment(8), 0, 1, 0, 2]))?.port, undefined);
  assert.equal(parsePacketHeaders(ip6(58, [128]))?.icmpType, 128);
  assert.equal(parsePacketHeaders(ip6(200, []))?.protocol, "200");
});

test("no packet is too odd to be read", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 160 }), fc.constantFrom(0x45, 0x4f, 0x40, 0x60), (bytes, first) => {
      const packet = Buffer.from(bytes);
      if (packet.length > 0) packet.writeUInt8(first, 0);
      const headers = parsePacketHeaders(packet);
      assert(headers === undefined || headers.source.length > 0);
    }),
  );
});
