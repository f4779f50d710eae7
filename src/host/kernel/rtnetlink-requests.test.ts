import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeRequests, type NetlinkRequest, parseAck, parseAttributes, parseMessages, textOf } from "./netlink-message.ts";
import { linkAddress, linkChange, localRoute, neighbour, route, routeDeletion, vethPair } from "./rtnetlink-requests.ts";

/** What iproute2 6.1 sends for the same wish, captured with strace; the link has index 5, the sequence number is set to 1. */
const samples: readonly { readonly command: string; readonly request: NetlinkRequest; readonly hex: string }[] = [
  {
    command: "ip link add gva address 02:00:00:00:00:01 type veth peer name gvb",
    request: vethPair({ name: "gva", peerName: "gvb", mac: "02:00:00:00:00:01" }),
    hex: "60000000100005060100000000000000000000000000000000000000000000000a000100020000000001000008000300677661002c0012000800010076657468200002001c000100000000000000000000000000000000000800030067766200",
  },
  {
    command: "ip link set gva up",
    request: linkChange(5, { up: true }),
    hex: "2000000010000500010000000000000000000000050000000100000001000000",
  },
  {
    command: "ip addr replace 10.9.0.1/24 dev gva",
    request: linkAddress({ link: 5, address: "10.9.0.1", prefixLength: 24 }),
    hex: "280000001400050501000000000000000218000005000000080002000a090001080001000a090001",
  },
  {
    command: "ip addr replace fd00:9::1/128 dev gva nodad",
    request: linkAddress({ link: 5, address: "fd00:9::1", prefixLength: 128, noDad: true }),
    hex: "400000001400050501000000000000000a8002000500000014000200fd00000900000000000000000000000114000100fd000009000000000000000000000001",
  },
  {
    command: "ip route replace proto static default via 10.9.9.9 dev gva onlink",
    request: route({ gateway: "10.9.9.9", link: 5, onLink: true }),
    hex: "2c00000018000505010000000000000002000000fe04000104000000080005000a0909090800040005000000",
  },
  {
    command: "ip route replace proto static 10.8.0.5/32 dev gva src 10.9.0.1",
    request: route({ destination: "10.8.0.5", prefixLength: 32, link: 5, source: "10.9.0.1" }),
    hex: "3400000018000505010000000000000002200000fe04fd0100000000080001000a080005080007000a0900010800040005000000",
  },
  {
    command: "ip route replace proto static fd00:8::/64 via fd00:9::2 dev gva onlink",
    request: route({ destination: "fd00:8::", prefixLength: 64, gateway: "fd00:9::2", link: 5, onLink: true }),
    hex: "4c0000001800050501000000000000000a400000fe0400010400000014000100fd00000800000000000000000000000014000500fd0000090000000000000000000000020800040005000000",
  },
  {
    command: "ip route del 10.8.0.5/32 dev gva",
    request: routeDeletion({ destination: "10.8.0.5", prefixLength: 32, link: 5 }),
    hex: "2c00000019000500010000000000000002200000fe00ff0000000000080001000a0800050800040005000000",
  },
  {
    command: "ip route add proto static local ::1/128 dev gva table local metric 5",
    request: localRoute({ destination: "::1", link: 5, metric: 5 }),
    hex: "400000001800050601000000000000000a800000ff04000200000000140001000000000000000000000000000000000108000600050000000800040005000000",
  },
  {
    command: "ip neigh replace 10.9.0.7 lladdr 02:00:00:00:00:07 nud permanent dev gva",
    request: neighbour({ link: 5, address: "10.9.0.7", mac: "02:00:00:00:00:07" }),
    hex: "300000001c0005050100000000000000020000000500000080000000080001000a0900070a0002000200000000070000",
  },
];

for (const { command, request, hex } of samples) {
  test(`the message is byte for byte that of: ${command}`, () => {
    assert.equal(encodeRequests([request], 1).toString("hex"), hex);
  });
}

test("a batch is numbered upwards and reads back as the same messages", () => {
  const requests = samples.map((sample) => sample.request);
  const messages = parseMessages(encodeRequests(requests, 7));
  assert.deepEqual(
    messages.map(({ type, sequence }) => ({ type, sequence })),
    requests.map(({ type }, position) => ({ type, sequence: 7 + position })),
  );
  assert.deepEqual(
    messages.map(({ payload }) => payload.toString("hex")),
    requests.map(({ payload }) => payload.toString("hex")),
  );
});

test("the peer of a veth pair carries its own namespace, index and size", () => {
  const { payload } = vethPair({ name: "a", peerName: "b", peerNetnsFd: 9, mtu: 1400, peerIndex: 2 });
  const info = parseAttributes(parseAttributes(payload.subarray(16)).get(18) ?? Buffer.alloc(0));
  const peer = parseAttributes(info.get(2) ?? Buffer.alloc(0)).get(1) ?? Buffer.alloc(0);
  const attributes = parseAttributes(peer.subarray(16));
  assert.equal(peer.readInt32LE(4), 2);
  assert.equal(textOf(attributes.get(3) ?? Buffer.alloc(0)), "b");
  assert.equal(attributes.get(28)?.readUInt32LE(), 9);
  assert.equal(attributes.get(4)?.readUInt32LE(), 1400);
});

test("a refusal gives the error number and the kernel's sentence", () => {
  const payload = Buffer.alloc(20 + 12);
  payload.writeInt32LE(-17, 0);
  payload.writeUInt16LE(4 + 6, 20);
  payload.writeUInt16LE(1, 22);
  payload.write("taken\0", 24);
  assert.deepEqual(parseAck({ type: 2, flags: 0x300, sequence: 1, payload }), { errno: 17, text: "taken" });
  assert.deepEqual(parseAck({ type: 2, flags: 0x100, sequence: 1, payload: Buffer.alloc(20) }), { errno: 0 });
});

test("a datagram cut short is refused", () => {
  const whole = encodeRequests([linkChange(5, { up: true })], 1);
  assert.throws(() => parseMessages(whole.subarray(0, 20)), /cannot read netlink message: length 32 at 0/);
});
