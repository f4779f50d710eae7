import assert from "node:assert/strict";
import { test } from "node:test";
import type { StackRecord } from "../../model/stack.ts";
import { rangesOf } from "../../model/stack-flows.ts";
import { diffStack, type PresentIsc, wantedIscs } from "./diff-stack.ts";
import { fakeDigest, fakeStack, fakeStackRecord, name, withMember } from "./fake-stack-record.ts";

const record = fakeStackRecord();
const present = (of: StackRecord = record): readonly PresentIsc[] =>
  wantedIscs(of).map((wanted) => ({
    ...wanted,
    image: fakeDigest("a"),
    networks: rangesOf(of, of.members[wanted.member]?.networks ?? []),
    running: true,
    startedAtMs: 500,
    quarantined: false,
    hasVolumes: wanted.member === "db",
  }));
const steps = (after: StackRecord, there = present(), before: StackRecord | null = record) =>
  diffStack(before ?? undefined, after, there).map(({ change, kind, what }) => `${change} ${kind} ${what}`);

test("a new stack adds everything", () => {
  assert.deepEqual(steps(record, [], null), [
    ...["front", "back", "out"].map((network) => `add network ${network}`),
    "add flow web → app 8000/tcp",
    "add flow app → db 5000/tcp",
    "add flow dock → db 5000/tcp",
    "add flow app → api.example.org 443/tcp",
    "add flow app → 192.0.2.0/24 53/udp",
    "add exposure 8080/tcp",
    ...["shop-web-1", "shop-web-2", "shop-app-1", "shop-app-2", "shop-db"].map((isc) => `add isc ${isc}`),
  ]);
});

test("the same again is nothing to do", () => {
  assert.deepEqual(steps(fakeStackRecord(fakeStack, record)), []);
});

test("each edit is told as what it is", () => {
  const edits: readonly (readonly [StackRecord, readonly string[]])[] = [
    [fakeStackRecord(withMember(fakeStack, "web", { count: 3 }), record), ["add isc shop-web-3"]],
    [fakeStackRecord(withMember(fakeStack, "web", { count: 1 }), record), ["remove isc shop-web-2"]],
    [fakeStackRecord(withMember(fakeStack, "app", { limits: { connections: 60 } }), record), ["change limit app"]],
    [fakeStackRecord({ ...fakeStack, flows: fakeStack.flows.slice(1) }, record), ["remove flow web → app 8000/tcp"]],
    [fakeStackRecord(withMember(fakeStack, "db", { networks: [name("back"), name("front")] }), record), ["replace isc shop-db"]],
    [{ ...record, secretsChangedAtMs: { [name("password")]: 900 } }, ["replace isc shop-app-1", "replace isc shop-app-2"]],
    [
      fakeStackRecord({ ...fakeStack, networks: { ...fakeStack.networks, [name("back")]: { mtu: 1400 } } }, record),
      ["change network back", "replace isc shop-app-1", "replace isc shop-app-2", "replace isc shop-db"],
    ],
  ];
  for (const [after, expected] of edits) assert.deepEqual(steps(after), expected);
});

test("one with volumes is stopped, not removed, and one in quarantine is left alone", () => {
  const { [name("db")]: _db, ...members } = fakeStack.members;
  const without = { ...fakeStack, members, flows: fakeStack.flows.filter(({ to }) => to.kind !== "isc" || to.isc !== "db") };
  assert.deepEqual(
    steps(fakeStackRecord(without, record)).filter((step) => step.includes(" isc ")),
    ["stop isc shop-db"],
  );
  const caged = present().map((one) => (one.name === "shop-app-1" ? { ...one, quarantined: true, image: fakeDigest("b") } : one));
  assert.deepEqual(steps(record, caged), []);
});
