import assert from "node:assert/strict";
import { test } from "node:test";
import { identityOfSlot } from "../model/identity.ts";
import type { StackRecord } from "../model/stack.ts";
import { rangesOf } from "../model/stack-flows.ts";
import { fakeDock, fakeStackRecord, name } from "../plan/stack/fake-stack-record.ts";
import { balanceBuckets } from "./nft-ruleset-balance.ts";
import { listNftElements, type NftElement } from "./nft-ruleset-elements.ts";
import { parseNftElements } from "./nft-ruleset-listing.ts";
import { listStackElements, type StackInstance } from "./stack-elements.ts";
import { memberTraffic } from "./stack-traffic.ts";

const record = fakeStackRecord();
const instance = (member: string, number: number, slot: number, fields: Partial<StackInstance> = {}): StackInstance => ({
  isc: name(number === 0 ? `shop-${member}` : `shop-${member}-${number}`),
  member: name(member),
  interfaces: identityOfSlot(fakeDock, slot, rangesOf(record, record.members[name(member)]?.networks ?? [])).interfaces,
  serving: true,
  ill: false,
  ...fields,
});
const all = [instance("web", 1, 1), instance("web", 2, 2), instance("app", 1, 3), instance("app", 2, 4), instance("db", 0, 5)];
const list = (elements: readonly NftElement[], set: string) =>
  elements.filter((element) => element.set === set).map(({ key, value = [] }) => `${key.join(" ")} → ${value.join(" ")}`);
const traffic = (member: string, slot: number, of: StackRecord = record) => {
  const { interfaces } = identityOfSlot(fakeDock, slot, rangesOf(of, of.members[name(member)]?.networks ?? []));
  const told = (host: string) => (host === "api.example.org" ? ["198.51.100.7"] : []);
  const view = { stack: of, membership: { stack: of.name, member: name(member), number: 1 }, outside: told, resolver: ["10.201.15.255"] };
  return listNftElements({ interfaces, exposures: [], ...memberTraffic(view) });
};

test("a service address leads to its one instance, or is spread over all that serve", () => {
  const elements = listStackElements(record, all);
  assert.deepEqual(list(elements, "service4"), [
    // app-1 and app-2 on front, app-1 and app-2 on their other networks, db on back.
    "10.201.18.4 tcp 8000 → 10.201.16.5 8000",
    "10.201.18.5 tcp 8000 → 10.201.16.6 8000",
    "10.201.22.4 tcp 8000 → 10.201.20.5 8000",
    "10.201.22.5 tcp 8000 → 10.201.20.6 8000",
    "10.201.26.4 tcp 8000 → 10.201.24.5 8000",
    "10.201.26.5 tcp 8000 → 10.201.24.6 8000",
    "10.201.22.6 tcp 5000 → 10.201.20.7 5000",
  ]);
  const spread = list(elements, "balance4").filter((line) => line.startsWith("10.201.18.3 "));
  assert.equal(spread.length, balanceBuckets);
  assert.equal(spread.filter((line) => line.endsWith("→ 10.201.16.5 8000")).length, balanceBuckets / 2);
  assert.equal(list(elements, "expose_balance4").length, balanceBuckets);
});

test("new connections go to those that are well; to the ill only where nobody is well; to nobody where none runs", () => {
  const targets = (fields: readonly Partial<StackInstance>[]) =>
    listStackElements(record, [instance("app", 1, 3, fields[0]), instance("app", 2, 4, fields[1])])
      .filter(({ set, key }) => /^(?:service|balance)4$/.test(set) && key[0] === "10.201.18.3")
      .map(({ value }) => value?.[0]);
  assert.deepEqual(targets([{ ill: true }, {}]), ["10.201.16.6"]);
  assert.deepEqual(targets([{ serving: false }, {}]), ["10.201.16.6"]);
  assert.deepEqual(new Set(targets([{ ill: true }, { ill: true }])), new Set(["10.201.16.5", "10.201.16.6"]));
  assert.deepEqual(targets([{ serving: false }, { serving: false }]), []);
});

test("a member may reach what its flows say, by the network that both are on, and nothing else", () => {
  const elements = traffic("app", 3);
  assert.deepEqual(list(elements, "connect4"), [
    "10.201.20.5 10.201.22.6 tcp 5000 → ",
    "10.201.24.5 198.51.100.7 tcp 443 → ",
    "10.201.24.5 10.201.15.255 udp 53 → ",
    "10.201.24.5 10.201.15.255 tcp 53 → ",
  ]);
  assert.deepEqual(list(elements, "ranges4"), ["10.201.24.5 192.0.2.0/24 udp 53 → "]);
  assert.deepEqual(
    list(elements, "listen4"),
    ["10.201.16.5", "10.201.20.5", "10.201.24.5"].map((own) => `${own} tcp 8000 → `),
  );
  assert.deepEqual(list(elements, "hosted4"), []);
  assert.deepEqual(
    list(traffic("db", 5), "connect4").filter((line) => !line.includes("10.201.15.255")),
    [],
  );
  assert.deepEqual(list(traffic("db", 5), "hosted4"), ["10.201.20.7 tcp 5000 → "]);
});

test("limits hold for each link of an ISC, and for each address that a flow leads to", () => {
  const web = traffic("web", 1);
  assert.deepEqual(list(web, "paced"), ["isc0b12-1 → "]);
  // By whichever of the member's addresses: they count as one.
  assert.deepEqual(
    list(web, "flow_of4").map((line) => line.slice(-4)),
    ["→ 1:1", "→ 1:1", "→ 1:1"].map((end) => end.slice(-4)),
  );
  assert.deepEqual(list(web, "flow_packets"), ["isc0b12-1 1:1 → "]);
  const flows = web.filter(({ set }) => set === "flow_packets");
  assert.deepEqual(
    flows.map(({ statement }) => statement),
    [{ kind: "rate", over: 1_000 }],
  );
  const app = traffic("app", 3);
  assert.deepEqual(
    list(app, "limited"),
    ["isc0b12-3", "isc0b12-3b", "isc0b12-3c"].map((link) => `${link} → `),
  );
  assert.deepEqual(
    app.filter(({ set }) => set === "open_in").map(({ statement }) => statement),
    new Array(3).fill({ kind: "open", over: 50 }),
  );
});

test("a listing of elements that count gives them back, whatever they have counted", () => {
  const limited = traffic("web", 1).filter(({ statement }) => statement);
  const sets = Map.groupBy(limited, ({ set }) => set);
  const listing = {
    nftables: [...sets].map(([set, elements]) => ({
      set: {
        name: set,
        elem: elements.map(({ key, statement }) => {
          const val = key.length === 1 ? key[0] : { concat: key.map((part) => (/^\d+$/.test(part) ? Number(part) : part)) };
          const over = statement?.over ?? 0;
          const counting =
            statement?.kind === "open"
              ? { "ct count": { val: over, inv: true } }
              : { limit: { rate: over, burst: 100, per: "second", inv: true } };
          return { elem: { val, ...counting } };
        }),
      },
    })),
  };
  assert.deepEqual(parseNftElements(listing), [...sets.values()].flat());
});
