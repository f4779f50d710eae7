import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isWithin, parsePrefix } from "../base/ip-prefix.ts";
import type { Name } from "./name.ts";
import { gatewayOf, instanceAddress, placeOfSlot, roomOf, serviceAddress } from "./stack-address.ts";

const range = (length: number) => ({ name: "back" as Name, subnet: `10.50.0.0/${length}`, prefix6: "fd15:c0b1:b12:2" });

test("instances have the lower half, service addresses the upper", () => {
  assert.equal(gatewayOf(range(24)), "10.50.0.1");
  assert.deepEqual(instanceAddress(range(24), 1), { address: "10.50.0.3", address6: "fd15:c0b1:b12:2::2" });
  assert.deepEqual(serviceAddress(range(24), 0), { address: "10.50.0.128", address6: "fd15:c0b1:b12:2:1::1" });
  assert.deepEqual(roomOf(range(24)), { instances: 126, services: 127 });
});

test("no two that can be on a network at once have the same address, and all lie in it", () => {
  const slots = fc.uniqueArray(fc.integer({ min: 1, max: 4_094 }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 28 }), slots, (length, wanted) => {
      const net = range(length);
      const { services } = roomOf(net);
      const places = new Set<number>();
      const fitting = wanted.filter((slot) => places.size < places.add(placeOfSlot(net, slot)).size);
      const numbers = Array.from({ length: Math.min(services, 40) }, (_, index) => index);
      const all = [...fitting.map((slot) => instanceAddress(net, slot)), ...numbers.map((number) => serviceAddress(net, number))];
      const taken = new Set([gatewayOf(net), ...all.map(({ address }) => address)]);
      assert.equal(taken.size, all.length + 1);
      assert.equal(new Set(all.map(({ address6 }) => address6)).size, all.length);
      const [four, six] = [parsePrefix(net.subnet), parsePrefix(`${net.prefix6}::/64`)];
      for (const { address, address6 } of all) {
        const [own4, own6] = [parsePrefix(address), parsePrefix(address6)];
        assert(own4 && own6 && four && six && isWithin(own4, four) && isWithin(own6, six));
      }
    }),
  );
});
