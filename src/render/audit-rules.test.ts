import assert from "node:assert/strict";
import { test } from "node:test";
import { identityOfSlot, parseDockIdentity, slotsPerDock } from "../model/identity.ts";
import { auditKey, renderAuditRules } from "./audit-rules.ts";

const dockOf = (tag: string) => {
  const dock = parseDockIdentity(tag, "10.201.0.0/16");
  assert(dock);
  return dock;
};

test("rules name this dock's login ids and uids, from the first slot to the last, and carry its key", () => {
  const dock = dockOf("0b12");
  const rules = renderAuditRules(dock, "/usr/bin/runsc");
  assert.equal(auditKey(dock), "isc:0b12");
  for (const { fields } of rules) {
    const [from, to] = fields;
    assert(from && to && from.is === ">=" && to.is === "<=" && from.name === to.name);
    for (const slot of [1, slotsPerDock]) {
      const { loginUid, uidBase, uidCount } = identityOfSlot(dock, slot);
      const [low, high] = from.name === "auid" ? [loginUid, loginUid] : [uidBase, uidBase + uidCount - 1];
      assert(low >= Number(from.value) && high <= Number(to.value), `${from.name} of slot ${slot}`);
    }
    assert.deepEqual(fields.at(-1), { name: "key", is: "=", value: "isc:0b12" });
  }
});

test("no login id of a dock is another's, and none means that nobody has logged in", () => {
  const ids = ["0000", "0001", "ffff"].flatMap((tag) => [1, slotsPerDock].map((slot) => identityOfSlot(dockOf(tag), slot).loginUid));
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert(id >= 0xf000_0000 && id < 0xffff_ffff);
  for (const { fields } of renderAuditRules(dockOf("ffff"), "x")) for (const { value } of fields) assert.notEqual(value, 0xffff_ffff);
});
