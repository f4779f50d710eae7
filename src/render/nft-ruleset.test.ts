import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { isWithin, parsePrefix, renderPrefix } from "../base/ip-prefix.ts";
import { identityOfSlot, parseDockIdentity } from "../model/identity.ts";
import { renderNftBase } from "./nft-ruleset.ts";
import { elementsAbout, listNftElements, type NftElement, renderNftElements } from "./nft-ruleset-elements.ts";
import { planForeignFirewall, planForeignFirewallRemoval } from "./nft-ruleset-foreign.ts";
import { parseNftElements } from "./nft-ruleset-listing.ts";
import { logGroupOf, parseRefusalCounts, renderRefusalChains } from "./nft-ruleset-refusals.ts";

const dock = parseDockIdentity("0b12", "10.201.0.0/16");
assert(dock);
const identity = identityOfSlot(dock, 1);
const golden = (name: string) => readFileSync(join(import.meta.dirname, "golden", name), "utf8");

const { interfaces } = identity;
const traffic = {
  interfaces,
  listen: [{ port: 80, protocol: "tcp" }],
  exposures: [
    { hostPort: 8080, port: 80, protocol: "tcp" },
    { hostPort: 8053, port: 53, protocol: "udp", address: "192.0.2.1" },
    { hostPort: 8053, port: 53, protocol: "udp", address: "2001:db8:0::1" },
  ],
  connections: [
    { address: "10.0.0.5", port: 5432, protocol: "tcp" },
    { address: "10.0.0.0/8", port: 443, protocol: "tcp" },
    { address: "10.1.0.0/16", port: 443, protocol: "tcp" },
    { address: "2001:db8::/32", port: 443, protocol: "tcp" },
    { address: "10.0.0.5/32", port: 5432, protocol: "tcp" },
  ],
  quarantined: true,
} as const;

test("the table is the golden one", () => assert.equal(renderNftBase(dock, logGroupOf(dock)), golden("base.nft")));

test("a kernel that cannot log to user space gets the same table with counters alone", () => {
  const without = renderNftBase(dock, undefined);
  assert.doesNotMatch(without, /\blog\b/);
  assert.equal(golden("base.nft").replace(/^.* log prefix .*\n/gm, ""), without);
  assert.equal(renderRefusalChains(undefined).filter((line) => line.endsWith("drop")).length, 7);
});

test("docks side by side log to groups of their own, far from what people choose by hand", () => {
  const groups = ["0000", "0001", "0b12", "fbff"].map((tag) => logGroupOf({ ...dock, tag }));
  assert.equal(new Set(groups).size, groups.length);
  for (const group of groups) assert(group >= 0x400 && group <= 0xffff);
});

test("refused packets are counted by kind and link", () => {
  const elem = [{ elem: { val: "isc0b12-1", counter: { packets: 7, bytes: 420 } } }];
  const listing = {
    nftables: [{ set: { name: "refused_out", elem } }, { set: { name: "refused_in" } }, { set: { name: "told_out", elem } }],
  };
  assert.deepEqual(
    parseRefusalCounts([listing]),
    new Map([
      ["out", new Map([["isc0b12-1", 7]])],
      ["in", new Map()],
    ]),
  );
  assert.deepEqual(parseNftElements(listing), []);
});

test("an ISC's elements are the golden ones, with nested prefixes and repetitions taken out", () => {
  assert.equal(renderNftElements(dock, [], listNftElements(traffic)), golden("elements.nft"));
});

test("a moved exposure is deleted and added in one transaction", () => {
  const before = listNftElements(traffic);
  const after = listNftElements({ ...traffic, exposures: [{ hostPort: 8080, port: 81, protocol: "tcp" }], quarantined: false });
  assert.equal(renderNftElements(dock, before, after), golden("elements-change.nft"));
});

test("elements belong to the ISC that they were made for, however its address is spelled", () => {
  const neighbour = identityOfSlot(dock, 2);
  const elements = listNftElements(traffic);
  assert.deepEqual(elementsAbout(interfaces, elements), elements);
  assert.deepEqual(elementsAbout(neighbour.interfaces, elements), []);
});

const port = fc.record({ port: fc.integer({ min: 1, max: 65_535 }), protocol: fc.constantFrom("tcp" as const, "udp" as const) });
const prefix4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, length]) => `${address}/${length}`);
const prefix6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })).map(([address, length]) => `${address}/${length}`);
const anyTraffic = fc.record({
  interfaces: fc.constant(interfaces),
  listen: fc.array(port),
  exposures: fc.uniqueArray(
    fc.tuple(port, port).map(([inner, outer]) => ({ ...inner, hostPort: outer.port })),
    { selector: (e) => e.hostPort },
  ),
  connections: fc.array(fc.tuple(fc.oneof(prefix4, prefix6), port).map(([address, rest]) => ({ address, ...rest }))),
});

test("reading a listing of what was added gives it back, and then nothing is left to do", () => {
  fc.assert(
    fc.property(anyTraffic, (any) => {
      const elements = listNftElements(any);
      const listed = parseNftElements(listAsNft(elements));
      assert.equal(renderNftElements(dock, listed, elements), "");
      assert.equal(renderNftElements(dock, elements, listed), "");
    }),
  );
});

test("no interval lies within another of the same set", () => {
  fc.assert(
    fc.property(anyTraffic, (any) => {
      const ranges = listNftElements(any).filter(({ set }) => set.startsWith("ranges"));
      for (const a of ranges) {
        for (const b of ranges) {
          const [inner, outer] = [parsePrefix(a.key[1] ?? ""), parsePrefix(b.key[1] ?? "")];
          assert(inner && outer);
          const isSamePort = a.key.slice(2).join() === b.key.slice(2).join();
          assert(a === b || !isSamePort || !isWithin(inner, outer), `${a.key} and ${b.key}`);
        }
      }
    }),
  );
});

test("any spelling of a prefix becomes one", () => {
  for (const [text, spelling] of [
    ["fd15:c0b1:0b12:1::2", "fd15:c0b1:b12:1::2"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["::/0", "::/0"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
  ] as const) {
    const prefix = parsePrefix(text);
    assert(prefix);
    assert.equal(renderPrefix(prefix), spelling);
    assert.deepEqual(parsePrefix(spelling), prefix);
  }
  for (const text of [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "256.1.1.1",
    "1::2::3",
    ":::",
    "12345::",
    "1.2.3.4/33",
    "::/129",
    "1.2.3.4/",
    "a.example",
  ]) {
    assert.equal(parsePrefix(text), undefined, text);
  }
});

test("firewalld is asked by its own program", () => {
  const listing = {
    nftables: [
      { chain: { family: "inet", table: "firewalld", name: "filter_FORWARD", hook: "forward", policy: "accept" } },
      { rule: { family: "inet", table: "firewalld", chain: "filter_FORWARD", handle: 9, expr: [{ reject: { type: "icmpx" } }] } },
    ],
  };
  assert.deepEqual(planForeignFirewall(dock, listing), { commands: "", firewallCmd: [["--zone=trusted", "--change-interface=isc0b12-+"]] });
  assert.deepEqual(planForeignFirewallRemoval(dock, listing), { commands: "", firewallCmd: [] });
});

test("other docks' tables and firewalls that refuse nothing are left alone", () => {
  const listing = {
    nftables: [
      { chain: { family: "inet", table: "isc_beef", name: "forward", hook: "forward", policy: "drop" } },
      { chain: { family: "ip", table: "filter", name: "FORWARD", hook: "forward", policy: "accept" } },
    ],
  };
  assert.deepEqual(planForeignFirewall(dock, listing), { commands: "", firewallCmd: [] });
});

function listAsNft(elements: readonly NftElement[]): unknown {
  const parts = (texts: readonly string[]) => ({ concat: texts.map(partAsNft) });
  const sets = [...new Set(elements.map(({ set }) => set))];
  return {
    nftables: sets.map((name) => ({
      set: {
        name,
        elem: elements.filter(({ set }) => set === name).map(({ key, value }) => (value ? [parts(key), parts(value)] : parts(key))),
      },
    })),
  };
}

function partAsNft(text: string): unknown {
  const [addr, len] = text.split("/");
  if (len !== undefined) return { prefix: { addr, len: Number(len) } };
  return /^\d+$/.test(text) ? Number(text) : text;
}
