import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isWithin, parsePrefix } from "../../base/ip-prefix.ts";
import { Problem } from "../../base/problem.ts";
import type { NetworkDeclaration } from "../../model/stack.ts";
import { fakeDock, name } from "./fake-stack-record.ts";
import { chooseRanges, type TakenRange } from "./ranges.ts";

const choose = (declared: Record<string, NetworkDeclaration>, taken: readonly TakenRange[] = [], previous = {}) =>
  chooseRanges({ dock: fakeDock, stack: name("shop"), declared, previous, taken });
const overlap = (one: string, other: string) => {
  const [a, b] = [parsePrefix(one), parsePrefix(other)];
  assert(a && b);
  return isWithin(a, b) || isWithin(b, a);
};

test("networks that name nothing get free ranges behind those of the dock's own ISCs, in the order of the file", () => {
  assert.deepEqual(choose({ front: {}, back: { mtu: 1400 } }), {
    front: { name: "front", subnet: "10.201.16.0/22", prefix6: "fd15:c0b1:b12:2" },
    back: { name: "back", subnet: "10.201.20.0/22", prefix6: "fd15:c0b1:b12:3", mtu: 1400 },
  });
});

test("a network keeps what it has, and another one's wish is heeded first", () => {
  const previous = choose({ back: {} });
  assert.equal(choose({ front: {}, back: {} }, [], previous)[name("back")]?.subnet, "10.201.16.0/22");
  const wished = choose({ front: {}, back: { subnet: "10.201.16.0/24" } });
  assert.deepEqual([wished[name("front")]?.subnet, wished[name("back")]?.subnet], ["10.201.20.0/22", "10.201.16.0/24"]);
});

test("what somebody has is refused, with who has it", () => {
  for (const [declared, taken, sentence] of [
    [
      { subnet: "10.88.0.0/24" },
      [{ prefix: "10.88.0.0/16", who: "a route of this host by podman0" }],
      /10\.88\.0\.0\/16, a route of this host by podman0/,
    ],
    [{ subnet: "10.201.1.0/24" }, [], /the dock's ISCs that are part of no stack/],
    [{ subnet6: "fd00:1:2:3::/64" }, [{ prefix: "fd00:1::/32", who: "network a of stack other" }], /network a of stack other/],
  ] as const) {
    assert.throws(
      () => choose({ back: declared }, taken),
      (error) => error instanceof Problem && error.code === "NETWORK_TAKEN" && sentence.test(error.message) && error.hint !== undefined,
    );
  }
});

test("a dock whose own network is used up asks for a range", () => {
  assert.throws(() => choose({ a: {} }, [{ prefix: "10.201.0.0/16", who: "everybody" }]), /cannot find a free \/22/);
});

test("whatever others have, no two ranges overlap", () => {
  const taken = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 18, max: 30 })).map(([third, length]) => {
      const prefix = parsePrefix(`10.201.${third}.0/${length}`);
      return { prefix: `10.201.${third - (third % 2 ** Math.max(0, 24 - length))}.0/${prefix?.length}`, who: "somebody" };
    }),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(taken, fc.integer({ min: 1, max: 8 }), (held, count) => {
      let ranges: readonly string[];
      try {
        ranges = Object.values(choose(Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, {}])), held)).map(
          ({ subnet }) => subnet,
        );
      } catch (error) {
        assert(error instanceof Problem);
        return;
      }
      for (const [index, range] of ranges.entries()) {
        for (const other of [...ranges.slice(index + 1), ...held.map(({ prefix }) => prefix)])
          assert(!overlap(range, other), `${range} and ${other}`);
      }
    }),
  );
});
