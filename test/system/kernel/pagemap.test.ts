/** Page tables of a real process: what it has written over is told from what is its file's. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { test } from "node:test";
import { countOwnPages } from "../../../src/host/kernel/pagemap.ts";

test("of a program's code no page is its own, until one is written to past its protection", async () => {
  const child = spawn("/usr/bin/perl", ["-e", "$| = 1; print qq(up\n); sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  const pid = child.pid ?? 0;
  const ranges = [...readFileSync(`/proc/${pid}/maps`, "utf8").matchAll(/^(\S+) r-xp .* \/\S+$/gm)].map(([, range = ""]) => range);
  assert.ok(ranges.length >= 3);
  const none = ranges.map(() => 0);
  assert.deepEqual(countOwnPages(pid, ranges), none);
  const memory = openSync(`/proc/${pid}/mem`, "r+");
  const byte = Buffer.alloc(1);
  const [first = ""] = ranges;
  for (const at of [0, 4_096]) {
    const address = Number.parseInt(first, 16) + at;
    readSync(memory, byte, 0, 1, address);
    writeSync(memory, byte, 0, 1, address);
  }
  closeSync(memory);
  assert.deepEqual(countOwnPages(pid, ranges), [2, ...none.slice(1)]);
  const tooMuch = `${(2 ** 40).toString(16)}-${(2 ** 46).toString(16)}`;
  assert.equal(countOwnPages(pid, [tooMuch]), undefined, "nobody waits for what is only address space");
  child.kill("SIGKILL");
  await ended;
  assert.throws(() => countOwnPages(pid, ranges), { code: "ENOENT" });
});
