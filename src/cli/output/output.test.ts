import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { Problem } from "../../base/problem.ts";
import { plainPalette } from "./palette.ts";
import { renderPrintable } from "./printable.ts";
import { renderProblem } from "./problem.ts";
import { drawProgress } from "./progress.ts";
import { renderAge, renderCount, renderShortDigest, renderTime, renderTook } from "./words.ts";

test("durations, ages, times, digests and counts read as people say them", () => {
  assert.deepEqual([0.4, 82.4, 999.6, 3_140, 59_949, 59_960, 125_000].map(renderTook), [
    "0 ms",
    "82 ms",
    "1.0 s",
    "3.1 s",
    "59.9 s",
    "1 min 0 s",
    "2 min 5 s",
  ]);
  const ages = [-5, 5_900, 61_000, 7_200_000, 172_800_000];
  assert.deepEqual(
    ages.map((ageMs) => renderAge(0, ageMs)),
    ["0 s", "5 s", "1 min", "2 h", "2 d"],
  );
  assert.equal(renderTime(0), "1970-01-01 00:00:00Z");
  assert.equal(renderShortDigest(`sha256:${"0123456789abcdef".repeat(4)}`), "0123456789ab");
  assert.deepEqual(
    [renderCount(1, "file"), renderCount(2, "file"), renderCount(2, "process", "processes")],
    ["1 file", "2 files", "2 processes"],
  );
});

test("nothing printable can move the operator's cursor or turn text around", () => {
  assert.equal(renderPrintable("a\u001b[2Jb\nc\u202e→é"), "a\\x1b[2Jb\\x0ac\\u202e→é");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => assert.doesNotMatch(renderPrintable(text), /\p{Cc}/u)));
});

test("a problem shows its sentence, the machine's words, the hint and the code", () => {
  const details = ["mkfs.erofs: unknown compressor zstd"];
  const problem = new Problem("SEAL_FAILED", "cannot seal web: mkfs.erofs exited with 1", { details, hint: "zstd needs erofs-utils 1.8" });
  assert.equal(
    renderProblem(problem),
    "iscadm: cannot seal web: mkfs.erofs exited with 1\n  mkfs.erofs: unknown compressor zstd\n  hint: zstd needs erofs-utils 1.8 (SEAL_FAILED)\n",
  );
  assert.equal(renderProblem(new Problem("ISC_UNKNOWN", "no ISC is named web")), "iscadm: no ISC is named web (ISC_UNKNOWN)\n");
});

test("a bug of the dock points to the dock's log, and ours shows its stack", () => {
  assert.equal(
    renderProblem(new Problem("BUG", "x is 7")),
    "iscadm: this is a bug in iscadm: x is 7\n  hint: the stack is in the dock's log (BUG)\n",
  );
  assert.match(renderProblem(new TypeError("x is 7")), /^iscadm: this is a bug in iscadm: x is 7\n {4}at .*output\.test\.ts/);
  assert.equal(renderProblem("thrown text"), "iscadm: this is a bug in iscadm: thrown text\n");
});

test("on a terminal one line lives until its step ends, cut to the width", async () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 40 });
  let nowMs = 0;
  {
    using drawing = drawProgress({ stream, palette: plainPalette, now: () => nowMs });
    drawing.show({ step: "packages", text: "installing nginx-light and many more" });
    nowMs = 3_100;
    await sleep(150);
    drawing.show({ step: "packages", text: "installing nginx-light", tookMs: 3_140 });
    drawing.show({ step: "seal", text: "packing" });
  }
  const lines = String(stream.read()).split("\r\u001b[K");
  assert.equal(lines[1], "packages  installing nginx-light … 0 ms");
  assert.ok(lines.includes("packages  installing nginx-ligh … 3.1 s"), lines.join("|"));
  assert.deepEqual(lines.slice(-3), ["packages  installing nginx-light  3.1 s\n", "seal  packing … 0 ms", ""]);
  assert.ok(lines.every((line) => line.length <= 40));
});
