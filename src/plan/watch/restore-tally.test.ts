import assert from "node:assert/strict";
import { test } from "node:test";
import { EventDraft } from "../../model/event.ts";
import { describeFoundChanged, RestoreTally, type TableRepair } from "./restore-tally.ts";

const repair = (openMs: number, pid = 9, connections = 0): TableRepair => ({
  table: "isc_ab12",
  by: { pid, program: "nft" },
  changes: [{ verb: "gone", kind: "table", family: "inet", table: "isc_ab12", count: 1 }],
  count: 1,
  outcome: { kind: "restored", openMs, connections },
});

test("the first is told at once, with who, what, how long and what was cut", () => {
  const [event, ...more] = new RestoreTally().note(repair(4, 9, 2), 1_000);
  assert.equal(more.length, 0);
  assert.equal(
    event?.message,
    "nft (pid 9) took the firewall's table away (isc_ab12); it was loaded again after 4 ms; connections cut that it would not have let through: 2",
  );
  assert.deepEqual(event?.facts, {
    table: "isc_ab12",
    gone: true,
    changes: ["table gone: 1"],
    count: 1,
    program: "nft",
    pid: 9,
    openMs: 4,
    connections: 2,
  });
  assert.ok(EventDraft.safeParse(event).success);
});

test("further ones wait and are told together, with the longest time and their number", () => {
  const tally = new RestoreTally();
  tally.note(repair(4), 0);
  for (const [pid, openMs] of [3, 50, 7, 5, 6].entries()) assert.deepEqual(tally.note(repair(openMs, pid), 100), []);
  assert.deepEqual(tally.end(4_999), []);
  const [event] = tally.end(5_000);
  assert.deepEqual([event?.facts.count, event?.facts.openMs], [5, 50]);
  assert.match(
    event?.message ?? "",
    /^nft \(pid 0\), nft \(pid 1\), nft \(pid 2\) and others took .* each time, 5 times, after 50 ms at most$/,
  );
  assert.deepEqual(tally.end(20_000), []);
});

test("changes are told by part, and what was left so is critical", () => {
  const [event] = new RestoreTally().note(
    {
      ...repair(0),
      by: undefined,
      changes: [
        { verb: "gone", kind: "rule", family: "inet", table: "isc_ab12", name: "inbound", count: 2 },
        { verb: "new", kind: "element", family: "inet", table: "isc_ab12", name: "listen4", count: 1 },
      ],
      outcome: { kind: "left", reason: "nft: no" },
    },
    0,
  );
  assert.deepEqual(event?.facts.changes, ["rule gone from inbound: 2", "element new in listen4: 1"]);
  assert.deepEqual([event?.kind, event?.severity], ["firewall.changed", "critical"]);
  assert.equal(event?.message, "somebody changed the firewall's table (isc_ab12); it was left so: nft: no");
});

test("what a starting dock finds is told as restored", () => {
  const event = describeFoundChanged({ table: "isc_ab12", change: "gone", connections: 0 });
  assert.ok(EventDraft.safeParse(event).success);
  assert.equal(event.message, "the firewall's table was gone (isc_ab12) when the dock started; it was loaded again");
});
