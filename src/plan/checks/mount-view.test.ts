import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeMount } from "./fake-facts.ts";
import { findVisibleMount, isPlainDevice, isWithin, isWritable } from "./mount-view.ts";

const root = fakeMount("/", { id: 1, parentId: 0 });
const variable = fakeMount("/var", { id: 2, parentId: 1 });
const log = fakeMount("/var/log", { id: 3, parentId: 2 });

test("the mount of the nearest directory is the one that is seen", () => {
  const mounts = [root, variable, log];
  assert.equal(findVisibleMount(mounts, "/etc")?.id, 1);
  assert.equal(findVisibleMount(mounts, "/var/lib")?.id, 2);
  assert.equal(findVisibleMount(mounts, "/var/log/x")?.id, 3);
  assert.equal(findVisibleMount(mounts, "/variable")?.id, 1);
  assert.equal(findVisibleMount([], "/"), undefined);
});

test("of two mounts on one place the upper is seen", () => {
  const upper = fakeMount("/var/log", { id: 9, parentId: 3 });
  assert.equal(findVisibleMount([root, variable, log, upper], "/var/log")?.id, 9);
});

test("a mount on a parent directory hides those below", () => {
  const cover = fakeMount("/var", { id: 9, parentId: 2 });
  assert.equal(findVisibleMount([root, variable, log, cover], "/var/log")?.id, 9);
});

test("read-only is what the mount or its file system says", () => {
  assert.equal(isWritable(fakeMount("/a")), true);
  assert.equal(isWritable(fakeMount("/a", { options: ["ro"] })), false);
  assert.equal(isWritable(fakeMount("/a", { superOptions: ["ro"] })), false);
});

test("only one node of a device file system is a plain device", () => {
  assert.equal(isPlainDevice(fakeMount("/dev/null", { type: "devtmpfs", root: "/null" })), true);
  assert.equal(isPlainDevice(fakeMount("/dev", { type: "devtmpfs", root: "/" })), false);
  assert.equal(isPlainDevice(fakeMount("/dev/sda", { type: "devtmpfs", root: "/sda" })), false);
  assert.equal(isPlainDevice(fakeMount("/null", { type: "ext4", root: "/null" })), false);
});

test("a directory holds itself and what lies below, not what only begins alike", () => {
  assert.equal(isWithin("/run", "/run"), true);
  assert.equal(isWithin("/run", "/run/x"), true);
  assert.equal(isWithin("/run", "/runner"), false);
  assert.equal(isWithin("/", "/x"), true);
});
