import assert from "node:assert/strict";
import { test } from "node:test";
import { compareRules, groupRules } from "./firewall-facts.ts";
import { parseAccounts, parseSubordinateIds } from "./identity-facts.ts";

const chain = (name: string, fields: object = {}) => ({ chain: { family: "inet", table: "t", name, handle: 1, ...fields } });
const rule = (name: string, handle: number, expr: readonly object[]) => ({
  rule: { family: "inet", table: "t", chain: name, handle, expr },
});
const listing = (...objects: readonly object[]) => ({
  nftables: [{ metainfo: { version: "1" } }, { table: { family: "inet", name: "t" } }, ...objects],
});
const base = listing(chain("in", { policy: "accept" }), rule("in", 2, [{ accept: null }]), rule("in", 3, [{ drop: null }]), {
  set: { name: "s", elem: [1] },
});

test("handles and elements are no change of the rules", () => {
  const again = listing(chain("in", { policy: "accept" }), rule("in", 9, [{ accept: null }]), rule("in", 12, [{ drop: null }]), {
    set: { name: "s" },
  });
  assert.deepEqual(compareRules(groupRules(base), groupRules(again)), []);
});

test("a missing rule, another order, a further chain and a set that is gone are told by part", () => {
  const reference = groupRules(base);
  const changed = (...objects: readonly object[]) => compareRules(reference, groupRules(listing(...objects)));
  const set = { set: { name: "s" } };
  const own = chain("in", { policy: "accept" });
  assert.deepEqual(changed(own, rule("in", 3, [{ drop: null }]), set), [{ part: "chain in", change: "changed" }]);
  assert.deepEqual(changed(own, rule("in", 3, [{ drop: null }]), rule("in", 2, [{ accept: null }]), set), [
    { part: "chain in", change: "changed" },
  ]);
  assert.deepEqual(changed(own, rule("in", 2, [{ accept: null }]), rule("in", 3, [{ drop: null }]), chain("new"), set), [
    { part: "chain new", change: "extra" },
  ]);
  assert.deepEqual(changed(own, rule("in", 2, [{ accept: null }]), rule("in", 3, [{ drop: null }])), [
    { part: "set s", change: "missing" },
  ]);
});

test("ranges and accounts of the host are claims on uids", () => {
  assert.deepEqual(parseSubordinateIds("/etc/subuid", "lxc:100000:65536\n\n"), [
    { who: "lxc in /etc/subuid", first: 100_000, count: 65_536 },
  ]);
  assert.deepEqual(parseAccounts("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533::/:/\n"), [
    { who: "root in /etc/passwd", first: 0, count: 1 },
    { who: "root in /etc/passwd", first: 0, count: 1 },
    { who: "nobody in /etc/passwd", first: 65_534, count: 1 },
    { who: "nobody in /etc/passwd", first: 65_533, count: 1 },
  ]);
});
