import assert from "node:assert/strict";
import { test } from "node:test";
import { attribute, nestedAttribute, textAttribute } from "./netlink-message.ts";
import { parseNftMessage } from "./nft-wire.ts";

const inet = 1;
const message = (number: number, attributes: readonly Buffer[], subsystem = 10) => ({
  type: (subsystem << 8) | number,
  flags: 0,
  sequence: 0,
  payload: Buffer.concat([Buffer.from([inet, 0, 0, 2]), ...attributes]),
});
const number = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

test("a table, a rule and elements are told with their place and number", () => {
  assert.deepEqual(parseNftMessage(message(2, [textAttribute(1, "isc_ab12")])), {
    verb: "gone",
    kind: "table",
    family: "inet",
    table: "isc_ab12",
    count: 1,
  });
  const rule = parseNftMessage(message(28, [textAttribute(1, "isc_ab12"), textAttribute(2, "inbound")]));
  assert.deepEqual(rule, { verb: "gone", kind: "rule", family: "inet", table: "isc_ab12", name: "inbound", count: 1 });
  const element = nestedAttribute(1, [attribute(1, Buffer.from("key"))]);
  const elements = [textAttribute(1, "isc_ab12"), textAttribute(2, "listen4"), nestedAttribute(3, [element, element])];
  assert.deepEqual(parseNftMessage(message(12, elements)), {
    verb: "new",
    kind: "element",
    family: "inet",
    table: "isc_ab12",
    name: "listen4",
    count: 2,
  });
});

test("a generation says who has committed", () => {
  const attributes = [attribute(1, number(5)), attribute(2, number(812)), textAttribute(3, "nft")];
  assert.deepEqual(parseNftMessage(message(15, attributes)), { generation: 5, pid: 812, program: "nft" });
});

test("other messages are nothing", () => {
  assert.equal(parseNftMessage(message(17, [])), undefined);
  assert.equal(parseNftMessage(message(0, [textAttribute(1, "x")], 4)), undefined);
});
