import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Decision, decideQuery } from "./decide-query.ts";
import { indexPolicy } from "./resolver-policy.ts";

const askers = indexPolicy([
  {
    name: "shop-web",
    sources: ["10.0.0.1", "FD15::0001"],
    inside: { "app.back.isc": ["10.0.0.9", "fd15::9"], app: ["10.0.0.9", "fd15::9"], "four.back.isc": ["10.0.0.8"] },
    outside: ["api.example.org", "Kiosk.example.org."],
  },
  { name: "shop-app", sources: ["10.0.0.2"], inside: {}, outside: [] },
]);

const decide = (name: string, type = "A", source = "10.0.0.1") =>
  decideQuery(askers, source, { opcode: 0, questions: [{ name, type, class: "IN" }] });

test("each question has its one answer", () => {
  const rows: readonly (readonly [name: string, type: string, Decision])[] = [
    ["app.back.isc", "A", { kind: "answer", addresses: ["10.0.0.9"] }],
    ["APP.back.ISC", "AAAA", { kind: "answer", addresses: ["fd15::9"] }],
    ["app", "A", { kind: "answer", addresses: ["10.0.0.9"] }],
    ["four.back.isc", "AAAA", { kind: "empty" }],
    ["four.back.isc", "MX", { kind: "empty" }],
    ["api.example.org", "A", { kind: "ask", name: "api.example.org" }],
    ["kIOSK.example.org", "AAAA", { kind: "ask", name: "kiosk.example.org" }],
    ["api.example.org", "TXT", { kind: "empty" }],
    ["api.example.org", "AXFR", { kind: "refused", reason: "type" }],
    ["x.api.example.org", "A", { kind: "refused", reason: "longer" }],
    ["x.y.api.example.org", "TXT", { kind: "refused", reason: "longer" }],
    ["example.org", "A", { kind: "refused", reason: "name" }],
    ["api.example.org.evil.net", "A", { kind: "refused", reason: "name" }],
    ["db.back.isc", "A", { kind: "unknown", reason: "unreachable" }],
    ["isc", "A", { kind: "unknown", reason: "unreachable" }],
    ["notisc", "A", { kind: "refused", reason: "name" }],
    ["9.0.0.10.in-addr.arpa", "PTR", { kind: "pointer", name: "app.back.isc" }],
    ["9.0.0.10.in-addr.arpa", "TXT", { kind: "empty" }],
    ["7.0.0.10.in-addr.arpa", "PTR", { kind: "unknown" }],
    ["data.in-addr.arpa", "PTR", { kind: "unknown" }],
    [`9.${"0.".repeat(27)}5.1.d.f.ip6.arpa`, "PTR", { kind: "pointer", name: "app.back.isc" }],
    [".", "NS", { kind: "refused", reason: "name" }],
    // Kelvin's sign is a small k in lower case.
    ["\u212Aiosk.example.org", "A", { kind: "refused", reason: "name" }],
  ];
  for (const [name, type, expected] of rows) assert.deepEqual(decide(name, type), expected, `${name} ${type}`);
});

test("an asker has its own names only, from each of its addresses", () => {
  assert.deepEqual(decide("app.back.isc", "A", "10.0.0.2"), { kind: "unknown", reason: "unreachable" });
  assert.deepEqual(decide("api.example.org", "A", "10.0.0.2"), { kind: "refused", reason: "name" });
  assert.equal(decide("app.back.isc", "A", "fd15::1").kind, "answer");
  assert.deepEqual(decide("app.back.isc", "A", "10.0.0.3"), { kind: "refused", reason: "stranger" });
});

test("only one question of class IN is a question", () => {
  const question = { name: "app.back.isc", type: "A", class: "IN" };
  const reasons = [
    { opcode: 4, questions: [question] },
    { opcode: 0, questions: [] },
    { opcode: 0, questions: [question, question] },
    { opcode: 0, questions: [{ ...question, class: "CH" }] },
  ].map((query) => decideQuery(askers, "10.0.0.1", query));
  assert.deepEqual(
    reasons.map((decision) => decision.kind === "refused" && decision.reason),
    ["opcode", "questions", "questions", "class"],
  );
});

const label = fc.string({ unit: fc.constantFrom(..."abzAZ019-_é\u212A. "), minLength: 1, maxLength: 70 });
const known = fc.constantFrom("api.example.org", "kiosk.example.org", "app.back.isc", "app");
const anyName = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.array(label, { maxLength: 6 }).map((labels) => labels.join(".")),
  fc.tuple(fc.array(label, { maxLength: 3 }), known).map(([labels, name]) => [...labels, name].join(".")),
  known.map((name) => name.toUpperCase()),
);
const anyType = fc.oneof(fc.constantFrom("A", "AAAA", "TXT", "PTR", "ANY", "AXFR"), fc.string());

test("no decision lets out a name that the policy does not hold, whole", () => {
  const lets = new Set(["api.example.org", "kiosk.example.org"]);
  fc.assert(
    fc.property(anyName, anyType, fc.nat(15), (name, type, opcode) => {
      const decision = decideQuery(askers, "10.0.0.1", { opcode, questions: [{ name, type, class: "IN" }] });
      if (decision.kind === "ask") assert.ok(lets.has(decision.name) && name.toLowerCase() === decision.name);
      const other = decideQuery(askers, "10.0.0.2", { opcode, questions: [{ name, type, class: "IN" }] });
      assert.ok(other.kind === "refused" || other.kind === "unknown");
    }),
    { numRuns: 2_000 },
  );
});

test("a name with labels before a permitted one is never asked for", () => {
  const before = fc.array(fc.stringMatching(/^[a-z0-9-]{1,20}$/), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(before, anyType, (labels, type) => {
      const decision = decide([...labels, "api.example.org"].join("."), type);
      assert.equal(decision.kind, "refused");
    }),
  );
});

test("a policy of what is no name or no address is refused", () => {
  const asker = { name: "a", sources: ["10.0.0.1"], inside: {}, outside: [] };
  assert.throws(() => indexPolicy([{ ...asker, sources: ["here"] }]), TypeError);
  assert.throws(() => indexPolicy([{ ...asker, outside: ["*.example.org"] }]), TypeError);
  assert.throws(() => indexPolicy([{ ...asker, inside: { "app.isc": ["10.0.0.256"] } }]), TypeError);
});
