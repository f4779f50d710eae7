import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../../base/problem.ts";
import { fakeStack, fakeStackRecord, name, withMember } from "./fake-stack-record.ts";
import { startOrder } from "./start-order.ts";

test("names keep their service addresses over edits, and those that are gone leave theirs to others", () => {
  const record = fakeStackRecord();
  assert.deepEqual(record.addresses, { web: 0, "shop-web-1": 1, "shop-web-2": 2, app: 3, "shop-app-1": 4, "shop-app-2": 5, db: 6 });
  const smaller = withMember(fakeStack, "web", { count: 1 });
  const less = fakeStackRecord(smaller, record);
  assert.equal(less.addresses["shop-web-2"], undefined);
  assert.equal(less.addresses["shop-app-1"], 4);
  const more = fakeStackRecord(withMember(smaller, "app", { count: 3 }), less);
  assert.equal(more.addresses["shop-app-3"], 2);
});

test("a port on which nobody listens is refused with those that are listened on", () => {
  const [flow] = fakeStack.flows;
  assert(flow);
  for (const stack of [
    { ...fakeStack, flows: [{ ...flow, port: 8001 }] },
    withMember(fakeStack, "app", { expose: [{ hostPort: 9000, port: 8001, protocol: "tcp" as const }] }),
  ]) {
    assert.throws(
      () => fakeStackRecord(stack),
      (error) => error instanceof Problem && error.code === "STACK_INVALID" && /8001\/tcp.*listens on 8000\/tcp/.test(error.message),
    );
  }
});

test("a network that is too small is refused before anything is made", () => {
  const small = { ...fakeStack, networks: { ...fakeStack.networks, [name("back")]: { subnet: "10.50.0.0/28" } } };
  assert.throws(
    () => fakeStackRecord(withMember(small, "app", { count: 20 })),
    (error) => error instanceof Problem && error.code === "NETWORK_FULL" && /10\.50\.0\.0\/28 has room for 5/.test(error.message),
  );
});

test("whoever is connected to starts first, and a circle is no obstacle", () => {
  const record = fakeStackRecord();
  assert.deepEqual(startOrder(record), [["db"], ["app"], ["web"]]);
  const circle = {
    ...record,
    flows: [...record.flows, { from: name("db"), to: { kind: "isc" as const, isc: name("app") }, port: 8000, protocol: "tcp" as const }],
  };
  assert.equal(startOrder(circle).flat().length, 3);
});
