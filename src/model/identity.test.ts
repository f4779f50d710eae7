import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { type DockIdentity, identityOfSlot, parseDockIdentity, resolverSlot, slotsPerDock } from "./identity.ts";

const tags = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16).padStart(4, "0"));
const slots = fc.integer({ min: 1, max: slotsPerDock });

function dockOf(tag: string, network = "10.201.0.0/16"): DockIdentity {
  const dock = parseDockIdentity(tag, network);
  assert.ok(dock);
  return dock;
}

test("every slot has addresses, a range of host uids and a link name that the kernel takes as they are", () => {
  fc.assert(
    fc.property(tags, slots, (tag, slot) => {
      const identity = identityOfSlot(dockOf(tag), slot);
      assert.ok(isIPv4(identity.address) && isIPv6(identity.address6));
      assert.equal(new URL(`http://[${identity.address6}]`).hostname, `[${identity.address6}]`, "the one spelling of RFC 5952");
      assert.ok(identity.link.length <= 15);
      assert.ok(identity.uidBase + identity.uidCount <= 2 ** 32 - 2);
    }),
  );
});

test("two slots of a dock share nothing", () => {
  fc.assert(
    fc.property(tags, slots, slots, (tag, one, other) => {
      fc.pre(one !== other);
      const [a, b] = [identityOfSlot(dockOf(tag), one), identityOfSlot(dockOf(tag), other)];
      assert.notEqual(a.address, b.address);
      assert.notEqual(a.address6, b.address6);
      assert.notEqual(a.link, b.link);
      assert.ok(Math.abs(a.uidBase - b.uidBase) >= a.uidCount);
    }),
  );
});

test("the smallest network has an address for every slot", () => {
  const dock = dockOf("abcd", "10.231.16.0/20");
  assert.equal(identityOfSlot(dock, 1).address, "10.231.16.2");
  assert.equal(identityOfSlot(dock, slotsPerDock).address, "10.231.31.254");
  assert.equal(identityOfSlot(dock, resolverSlot).address, "10.231.31.255");
});

test("a network with host bits, of an odd size, or that is none is refused", () => {
  for (const network of ["10.201.0.1/16", "10.0.0.0/7", "10.0.0.0/21", "10.300.0.0/16", "fd00::/16", "10.0.0.0"]) {
    assert.equal(parseDockIdentity("abcd", network), undefined, network);
  }
});
