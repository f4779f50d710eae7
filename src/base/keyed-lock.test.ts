import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { KeyedLock } from "./keyed-lock.ts";

test("work under one key runs in order, work under another does not wait", async () => {
  const lock = new KeyedLock();
  const seen: string[] = [];
  const slow = lock.run("web", async () => {
    await sleep(20);
    seen.push("first");
  });
  const after = lock.run("web", async () => void seen.push("second"));
  await lock.run("db", async () => void seen.push("other"));
  await Promise.all([slow, after]);
  assert.deepEqual(seen, ["other", "first", "second"]);
});

test("a failure does not hold up what was asked after it", async () => {
  const lock = new KeyedLock();
  const failing = lock.run("web", () => Promise.reject(new Error("no")));
  assert.equal(await lock.run("web", () => Promise.resolve(7)), 7);
  await assert.rejects(failing, /no/);
});

test("a key is held from the first asking to the last ending", async () => {
  const lock = new KeyedLock();
  assert.equal(lock.isHeld("a"), false);
  const done = lock.run("a", async () => assert.equal(lock.isHeld("a"), true));
  assert.deepEqual([lock.isHeld("a"), lock.isHeld("b")], [true, false]);
  await done;
  await Promise.resolve();
  assert.equal(lock.isHeld("a"), false);
});
