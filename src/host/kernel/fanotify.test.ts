import assert from "node:assert/strict";
import { test } from "node:test";
import { parseQuestions } from "./fanotify.ts";

/** struct fanotify_event_metadata, as Linux 6.18 wrote it for an execution of true by thread 5329. */
const metadata = (mask: bigint, file: number, tid: number) => {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(24, 0);
  bytes.writeUInt8(3, 4);
  bytes.writeUInt16LE(24, 6);
  bytes.writeBigUInt64LE(mask, 8);
  bytes.writeInt32LE(file, 16);
  bytes.writeInt32LE(tid, 20);
  return bytes;
};

test("questions are read one after the other, each with its file and thread", () => {
  const bytes = Buffer.concat([metadata(0x40000n, 21, 5_329), metadata(0x10000n, 22, 5_330)]);
  assert.deepEqual(parseQuestions(bytes), [
    { file: 21, tid: 5_329, kind: "execute" },
    { file: 22, tid: 5_330, kind: "open" },
  ]);
});

test("an event without a file asks nothing; another version is refused", () => {
  assert.deepEqual(parseQuestions(metadata(0x4000n, -1, 0)), []);
  const other = metadata(0x40000n, 21, 1);
  other.writeUInt8(4, 4);
  assert.throws(() => parseQuestions(other), /another fanotify/);
});
