import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode, type OptAnswer, type Packet } from "dns-packet";
import fc from "fast-check";
import { datagramLimit, mostDatagramBytes, mostMessageBytes, type ReceivedQuery, readQuery, renderReply } from "./dns-message.ts";

const opt = (udpPayloadSize: number, ednsVersion = 0): OptAnswer => ({
  type: "OPT",
  name: ".",
  udpPayloadSize,
  extendedRcode: 0,
  ednsVersion,
  flags: 0,
  flag_do: false,
  options: [],
});

function queryOf(packet: Packet): ReceivedQuery {
  const query = readQuery(encode({ type: "query", id: 7, flags: 0x100, questions: [{ type: "A", name: "aPp.isc" }], ...packet }));
  assert(query);
  return query;
}

const records = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ type: "A" as const, data: `10.0.0.${index}`, ttlSeconds: 5 }));

test("a reply repeats number, opcode and question as they were spelt", () => {
  const reply = decode(renderReply(queryOf({}), { code: 0, records: records(2) }, 512));
  assert.deepEqual([reply.id, reply.type, reply.questions?.[0]?.name], [7, "response", "aPp.isc"]);
  assert.deepEqual([reply.flag_rd, reply.flag_ra, reply.flag_tc], [true, true, false]);
  assert.deepEqual(
    reply.answers?.map((answer) => [answer.name, "data" in answer && answer.data]),
    [
      ["aPp.isc", "10.0.0.0"],
      ["aPp.isc", "10.0.0.1"],
    ],
  );
  assert.equal(((decode(renderReply(queryOf({ flags: 4 << 11 }), { code: 4, records: [] }, 512)).flags ?? 0) >> 11) & 15, 4);
});

test("a datagram is as long as the asker takes, and never longer than every link does", () => {
  assert.equal(datagramLimit(queryOf({})), 512);
  assert.equal(datagramLimit(queryOf({ additionals: [opt(100)] })), 512);
  assert.equal(datagramLimit(queryOf({ additionals: [opt(1_000)] })), 1_000);
  assert.equal(datagramLimit(queryOf({ additionals: [opt(4_096)] })), mostDatagramBytes);
  const short = decode(renderReply(queryOf({}), { code: 0, records: records(100) }, 512));
  assert.deepEqual([short.flag_tc, short.answers?.length], [true, 0]);
  assert.equal(decode(renderReply(queryOf({}), { code: 0, records: records(100) }, mostMessageBytes)).answers?.length, 100);
});

test("EDNS is answered with EDNS, and a version that nobody knows with BADVERS", () => {
  const known = decode(renderReply(queryOf({ additionals: [opt(4_096)] }), { code: 0, records: records(1) }, 512));
  assert.partialDeepStrictEqual(known.additionals, [{ type: "OPT", udpPayloadSize: mostDatagramBytes, extendedRcode: 0 }]);
  const unknown = decode(renderReply(queryOf({ additionals: [opt(4_096, 1)] }), { code: 0, records: records(1) }, 512));
  assert.partialDeepStrictEqual(unknown.additionals, [{ type: "OPT", extendedRcode: 1, ednsVersion: 0 }]);
  assert.deepEqual(unknown.answers, []);
});

test("responses, and queries with records of their own, are none", () => {
  const question = [{ type: "A" as const, name: "app.isc" }];
  assert.equal(readQuery(encode({ type: "response", questions: question })), undefined);
  assert.equal(readQuery(encode({ type: "query", questions: question, answers: [{ type: "A", name: "a", data: "10.0.0.1" }] })), undefined);
  assert.equal(readQuery(encode({ type: "query", questions: new Array(5).fill(question[0]) })), undefined);
});

test("whatever bytes come in, nothing throws, and a reply fits and can be read", () => {
  const header = fc.tuple(fc.integer({ min: 0, max: 0x7fff }), fc.nat(5), fc.nat(2)).map(([flags, questions, additional]) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16BE(flags, 2);
    bytes.writeUInt16BE(questions, 4);
    bytes.writeUInt16BE(additional, 10);
    return bytes;
  });
  const body = fc.uint8Array({ maxLength: 300 });
  const label = fc.uint8Array({ minLength: 1, maxLength: 63 }).map((bytes) => Buffer.concat([Buffer.from([bytes.length]), bytes]));
  const question = fc.array(label, { maxLength: 4 }).map((labels) => Buffer.concat([...labels, Buffer.from([0, 0, 1, 0, 1])]));
  const bytes = fc.oneof(
    body,
    fc.tuple(header, body).map((parts) => Buffer.concat(parts)),
    fc.tuple(header, question, body).map((parts) => Buffer.concat(parts)),
  );
  fc.assert(
    fc.property(bytes, (input) => {
      const query = readQuery(Buffer.from(input));
      if (!query) return;
      const reply = renderReply(query, { code: 5, records: records(3) }, 512);
      assert.ok(reply.length <= 512);
      assert.equal(decode(reply).id, query.id);
    }),
    { numRuns: 5_000 },
  );
});
