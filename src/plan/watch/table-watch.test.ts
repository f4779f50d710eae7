import assert from "node:assert/strict";
import { test } from "node:test";
import { type TableChange, TableWatch } from "./table-watch.ts";

const change = (table: string, kind = "table", verb: "new" | "gone" = "new", family = "inet"): TableChange => ({
  verb,
  kind,
  family,
  table,
  count: 1,
});
const watching = () => {
  const watch = new TableWatch("isc_ab12", "isc_ab12_mark");
  watch.judge({ pid: 7, changes: [change("isc_ab12_mark"), change("isc_ab12_mark", "table", "gone")] });
  return watch;
};

test("before the dock knows itself nothing is a stranger's", () => {
  const watch = new TableWatch("isc_ab12", "isc_ab12_mark");
  assert.deepEqual(watch.judge({ pid: 9, changes: [change("isc_ab12", "table", "gone")] }).own, []);
});

test("its own transactions are no damage, and one that makes the table has loaded it", () => {
  const watch = watching();
  assert.deepEqual(watch.judge({ pid: 7, changes: [change("isc_ab12", "element")] }), { loaded: false, own: [], foreign: false });
  assert.equal(watch.judge({ pid: 7, changes: [change("isc_ab12", "table", "gone"), change("isc_ab12")] }).loaded, true);
});

test("a flush of somebody else concerns the dock's table and the others'", () => {
  const { own, foreign } = watching().judge({
    pid: 9,
    changes: [change("filter", "chain", "gone", "ip"), change("isc_ab12", "rule", "gone")],
  });
  assert.deepEqual([own.map(({ kind }) => kind), foreign], [["rule"], true]);
});

test("another dock's table, elements of others and other families are no reason to look at foreign firewalls", () => {
  const watch = watching();
  for (const one of [change("isc_cd34", "chain"), change("filter", "element"), change("filter", "chain", "new", "bridge")])
    assert.deepEqual(watch.judge({ pid: 9, changes: [one] }), { loaded: false, own: [], foreign: false });
  assert.deepEqual(watch.judge({ pid: 9, changes: [change("isc_ab12", "chain", "new", "ip")] }).own, [], "the same name in another family");
});
