import assert from "node:assert/strict";
import { test } from "node:test";
import { renderShaping } from "./tc-batch.ts";

test("an end is shaped as a whole, and each flow in a class of its own that borrows from it", () => {
  const flow = { bitsPerSecond: 1_000_000, port: 5432, protocol: "tcp" as const, addresses: ["10.50.0.9", "fd00::9"] };
  assert.deepEqual(renderShaping("eth0", "dst", { bitsPerSecond: 10_000_000, flows: [flow] }), [
    "qdisc add dev eth0 root handle 15: htb default 2",
    "class add dev eth0 parent 15: classid 15:1 htb rate 10000000bit burst 16384 ceil 10000000bit cburst 16384 quantum 15140",
    "class add dev eth0 parent 15:1 classid 15:2 htb rate 5000000bit burst 16384 ceil 10000000bit cburst 16384 quantum 15140",
    "qdisc add dev eth0 parent 15:2 pfifo limit 42",
    "class add dev eth0 parent 15:1 classid 15:10 htb rate 1000000bit burst 16384 ceil 1000000bit cburst 16384 quantum 15140",
    "qdisc add dev eth0 parent 15:10 pfifo limit 32",
    "filter add dev eth0 parent 15: protocol ip prio 1 u32 match ip dst 10.50.0.9/32 match ip protocol 6 0xff match ip dport 5432 0xffff match u16 0 0x1fff at 6 flowid 15:10",
    "filter add dev eth0 parent 15: protocol ipv6 prio 2 u32 match ip6 dst fd00::9/128 match ip6 protocol 6 0xff match ip6 dport 5432 0xffff flowid 15:10",
    "filter add dev eth0 parent 15: protocol ip prio 3 u32 match u16 0 0x1fff at 6 flowid 15:2",
    "filter add dev eth0 parent 15: protocol ip prio 4 u32 match ip dst 10.50.0.9/32 match ip protocol 6 0xff flowid 15:10",
    "filter add dev eth0 parent 15: protocol ipv6 prio 5 u32 match ip6 dst fd00::9/128 match ip6 protocol 44 0xff flowid 15:10",
  ]);
});

test("the host's end looks at where packets come from, and no flow gets more than the whole", () => {
  const flow = { bitsPerSecond: 9_000_000, port: 53, protocol: "udp" as const, addresses: ["10.0.0.0/8"] };
  const lines = renderShaping("isc0b12-1", "src", { bitsPerSecond: 1_000_000, flows: [flow] });
  assert.match(lines.at(-3) ?? "", /match ip src 10\.0\.0\.0\/8 match ip protocol 17 0xff match ip sport 53 0xffff .* flowid 15:10$/);
  assert.match(lines.at(-5) ?? "", /classid 15:10 htb rate 500000bit .* ceil 1000000bit/);
});

test("what classes may always send is never more than the whole", () => {
  const flows = Array.from({ length: 20 }, (_, index) => ({
    bitsPerSecond: 4_000_000,
    port: index + 1,
    protocol: "tcp" as const,
    addresses: ["10.0.0.1"],
  }));
  const rates = renderShaping("x", "dst", { bitsPerSecond: 10_000_000, flows }).flatMap(
    (line) => /parent 15:1 .* rate (\d+)bit/.exec(line)?.[1] ?? [],
  );
  assert.equal(rates.length, 21);
  assert(rates.reduce((sum, rate) => sum + Number(rate), 0) <= 10_000_000);
});

test("fragments, which have no ports, count for the slowest flow to where they go", () => {
  const flow = (bitsPerSecond: number, port: number) => ({
    bitsPerSecond,
    port,
    protocol: "udp" as const,
    addresses: ["10.0.0.1", "fd00::1"],
  });
  const lines = renderShaping("x", "dst", { flows: [flow(5_000_000, 53), flow(1_000_000, 123)] });
  assert.deepEqual(
    lines.filter((line) => / prio [45] /.test(line)).map((line) => line.replace(/^.* u32 /, "")),
    [
      "match ip dst 10.0.0.1/32 match ip protocol 17 0xff flowid 15:11",
      "match ip6 dst fd00::1/128 match ip6 protocol 44 0xff flowid 15:11",
    ],
  );
});
