import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode, type RecordType } from "dns-packet";
import fc from "fast-check";
import { QueryDesk } from "./query-desk.ts";
import type { ResolverPolicy } from "./resolver-policy.ts";
import type { OutsideQuestion, ResolverLimits } from "./resolver-words.ts";

const limits: ResolverLimits = {
  queriesPerSecond: 10,
  queriesAtOnce: 5,
  waitingOfOne: 3,
  asking: 2,
  connectionsOfOne: 1,
  connections: 1,
};
const policy: ResolverPolicy = [
  { name: "web", sources: ["10.0.0.1", "fd00::1"], inside: { "app.isc": ["10.0.0.9"] }, outside: ["one.org", "two.org", "three.org"] },
  { name: "app", sources: ["10.0.0.2"], inside: { "app.isc": ["10.0.0.9"] }, outside: ["one.org"] },
];

/** A desk with a clock of its own; what it asks and what it replies. */
function open(change: Partial<ResolverLimits> = {}) {
  const clock = { ms: 0 };
  const asked: OutsideQuestion[] = [];
  const desk = new QueryDesk({ limits: { ...limits, ...change }, now: () => clock.ms, ask: (question) => asked.push(question) });
  desk.setPolicy(policy);
  const replies: string[] = [];
  const send = (bytes: Buffer, source: string) =>
    desk.receive(bytes, {
      source,
      limitBytes: () => 512,
      send: (reply) => {
        // Its types leave out the response code that it reads.
        const { rcode, answers = [] } = decode(reply) as ReturnType<typeof decode> & { rcode: string };
        replies.push([rcode, ...answers.map((answer) => ("ttl" in answer ? `${answer.data}/${answer.ttl}` : ""))].join(" "));
      },
    });
  const ask = (name: string, source = "10.0.0.1", type: RecordType = "A") =>
    send(encode({ type: "query", id: 1, questions: [{ type, name }] }), source);
  return { desk, clock, asked, replies, send, ask };
}

test("an asker that asks too much is not answered, from whichever of its addresses, and another is", () => {
  const { ask, replies, desk, clock } = open();
  for (let question = 0; question < 20; question++) ask("app.isc", question % 2 ? "fd00::1" : "10.0.0.1");
  assert.equal(replies.length, 5);
  ask("app.isc", "10.0.0.2");
  assert.equal(replies.length, 6);
  clock.ms += 100;
  ask("app.isc");
  ask("app.isc");
  assert.equal(replies.length, 7);
  const { refused } = desk.refusals.take();
  assert.deepEqual(
    refused.map(({ asker, reason, count }) => [asker, reason, count]),
    [
      ["web", "limited", 8],
      ["web", "limited", 8],
    ],
  );
});

test("questions for one outside name are asked once, and answered from what is known until its time is over", () => {
  const { ask, asked, replies, desk, clock } = open({ queriesAtOnce: 100 });
  ask("one.org");
  ask("ONE.org", "10.0.0.1", "AAAA");
  assert.deepEqual(asked, [{ id: 1, asker: "web", name: "one.org" }]);
  assert.deepEqual(replies, []);
  desk.hear(1, { kind: "found", addresses: ["192.0.2.1", "2001:db8::1"], ttlSeconds: 60 });
  assert.deepEqual(replies, ["NOERROR 192.0.2.1/60", "NOERROR 2001:db8::1/60"]);
  clock.ms += 20_500;
  ask("one.org");
  assert.deepEqual(replies.slice(2), ["NOERROR 192.0.2.1/39"]);
  // What is open for one asker is not for the other.
  ask("one.org", "10.0.0.2");
  assert.equal(asked.length, 2);
  clock.ms += 40_000;
  ask("one.org");
  assert.equal(asked.length, 3);
  desk.hear(3, { kind: "failed" });
  ask("one.org");
  // The other asker's question was given up meanwhile.
  assert.deepEqual(replies.slice(3), ["SERVFAIL", "SERVFAIL", "SERVFAIL"]);
  assert.equal(asked.length, 3);
});

test("what waits is bounded for each asker and for all, and given up", () => {
  const { ask, asked, replies, desk, clock } = open({ queriesAtOnce: 100 });
  for (const name of ["one.org", "two.org", "three.org", "one.org", "one.org"]) ask(name);
  assert.equal(asked.length, 2);
  assert.deepEqual(replies, ["SERVFAIL", "SERVFAIL"]);
  assert.deepEqual([...new Set(desk.refusals.take().refused.map(({ reason }) => reason))], ["crowded"]);
  clock.ms += 6_000;
  ask("three.org");
  assert.equal(replies.length, 5);
  assert.equal(asked.at(-1)?.name, "three.org");
  desk.hear(1, { kind: "none" });
  assert.equal(replies.length, 5);
});

test("an answer that comes after the policy has changed goes by the new one", () => {
  const { ask, replies, desk } = open();
  ask("one.org");
  ask("one.org", "10.0.0.2");
  desk.setPolicy(policy.slice(0, 1).map((asker) => ({ ...asker, outside: [] })));
  desk.hear(1, { kind: "found", addresses: ["192.0.2.1"], ttlSeconds: 60 });
  desk.hear(2, { kind: "found", addresses: ["192.0.2.1"], ttlSeconds: 60 });
  assert.deepEqual(replies, ["REFUSED"]);
});

test("whatever bytes come in, nothing throws, and only what the policy holds is asked for", () => {
  const { send, asked, ask } = open({ queriesAtOnce: 1e9, asking: 1e9, waitingOfOne: 1e9 });
  const names = fc.oneof(fc.domain(), fc.constantFrom("one.org", "x.one.org", "app.isc", "ONE.ORG"));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => send(Buffer.from(bytes), "10.0.0.1")));
  fc.assert(fc.property(names, fc.constantFrom("A", "AAAA", "TXT"), (name, type) => ask(name, "10.0.0.1", type)));
  assert.deepEqual([...new Set(asked.map(({ asker, name }) => `${asker} ${name}`))], ["web one.org"]);
});
