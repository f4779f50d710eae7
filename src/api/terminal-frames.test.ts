import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeFrame, encodeJsonFrame, type Frame, FrameDecoder, frameKinds, maxPayloadBytes, parseJsonFrame } from "./terminal-frames.ts";

const frames = fc.array(fc.record({ kind: fc.constantFrom(...frameKinds), payload: fc.uint8Array({ maxLength: 40 }) }), { maxLength: 8 });

test("frames come back whole and in order, wherever the stream is cut", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(300), { maxLength: 12 }), (sent, cuts) => {
      const stream = Buffer.concat(sent.map(({ kind, payload }) => encodeFrame(kind, payload)));
      const decoder = new FrameDecoder();
      const places = [0, ...cuts.filter((place) => place < stream.length).sort((a, b) => a - b), stream.length];
      const received: Frame[] = places.slice(1).flatMap((end, index) => decoder.push(stream.subarray(places[index], end)));
      assert.deepEqual(received.map(plain), sent.map(plain));
      assert.equal(decoder.isIncomplete, false);
    }),
  );
});

test("a frame is one byte of kind, four of length and its payload", () => {
  assert.deepEqual([...encodeFrame("stderr", Buffer.from("no"))], [2, 0, 0, 0, 2, 110, 111]);
  assert.deepEqual([...encodeFrame("stdin-end")], [5, 0, 0, 0, 0]);
});

test("a decoded payload does not change when the chunk it came in is used again", () => {
  const chunk = encodeFrame("stdout", Buffer.from("abc"));
  const [frame] = new FrameDecoder().push(chunk);
  chunk.fill(0);
  assert.equal(Buffer.from(frame?.payload ?? []).toString(), "abc");
});

test("a stream that breaks off inside a frame is incomplete", () => {
  const decoder = new FrameDecoder();
  assert.deepEqual(decoder.push(encodeFrame("stdin", Buffer.from("abc")).subarray(0, 6)), []);
  assert.equal(decoder.isIncomplete, true);
});

test("an unknown kind and a length beyond the limit are refused", () => {
  assert.throws(() => new FrameDecoder().push(Buffer.from([9, 0, 0, 0, 0])), RangeError);
  assert.throws(() => new FrameDecoder().push(Buffer.from([1, 0xff, 0, 0, 0])), RangeError);
  assert.throws(() => encodeFrame("stdin", new Uint8Array(maxPayloadBytes + 1)), RangeError);
});

test("resize and exit carry JSON; what is no JSON is undefined", () => {
  const [exit] = new FrameDecoder().push(encodeJsonFrame("exit", { exitCode: 7 }));
  assert.deepEqual(exit && parseJsonFrame(exit), { exitCode: 7 });
  assert.equal(parseJsonFrame({ kind: "exit", payload: Buffer.from("{") }), undefined);
});

function plain({ kind, payload }: Frame): [string, number[]] {
  return [kind, [...payload]];
}
