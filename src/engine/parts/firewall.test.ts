import assert from "node:assert/strict";
import { test } from "node:test";
import type { Nftables } from "../../host/kernel/nftables.ts";
import { parseDockIdentity } from "../../model/identity.ts";
import { isName, type Name } from "../../model/name.ts";
import { ownerOf } from "../stack/stack-traffic.ts";
import { Firewall, resolverOwner } from "./firewall.ts";

test("no ISC has a name under which the firewall keeps the elements of something else", () => {
  assert.equal(isName(resolverOwner), false);
  assert.equal(isName(ownerOf("shop" as Name)), false);
});

test("an ISC that is called resolver takes nothing from the dock's resolver", () => {
  const dock = parseDockIdentity("0b12", "10.201.0.0/16");
  assert.ok(dock);
  const nftables: Pick<Nftables, "run" | "check"> = { run: () => "", check: () => undefined };
  const firewall = new Firewall(nftables as Nftables, dock);
  firewall.set(resolverOwner, [{ set: "listen4", key: ["10.201.15.255", "udp", "53"] }]);
  firewall.set("resolver" as Name, [{ set: "listen4", key: ["10.201.0.6", "tcp", "80"] }]);
  firewall.remove("resolver" as Name);
  assert.deepEqual(firewall.elements, [{ set: "listen4", key: ["10.201.15.255", "udp", "53"] }]);
});
