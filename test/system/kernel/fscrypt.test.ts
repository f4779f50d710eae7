import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  addEncryptionKey,
  readEncryptionKeyStatus,
  readEncryptionPolicy,
  removeEncryptionKey,
  setEncryptionPolicy,
} from "../../../src/host/kernel/fscrypt.ts";
import { hasErrorCode } from "../../../src/host/kernel/libc.ts";
import { attachLoop } from "../../../src/host/kernel/loop.ts";
import { mount, unmount } from "../../../src/host/kernel/mounts.ts";
import { makeImage, makePrivateMount } from "./private-mount.ts";

test("files under a policy can be read while the key is there and no longer", () => {
  using place = makePrivateMount();
  const disk = join(place.path, "disk");
  const target = join(place.path, "mnt");
  mkdirSync(target);
  makeImage(disk, 16 << 20, "mkfs.ext4", "-q", "-O", "encrypt");
  {
    using loop = attachLoop(disk, { autoclear: true });
    mount(loop.device, target, "ext4");
  }
  const secret = join(target, "secret");
  mkdirSync(secret);
  assert.equal(readEncryptionPolicy(secret), undefined);

  const key = randomBytes(64);
  const identifier = addEncryptionKey(target, key);
  assert.deepEqual(key, Buffer.alloc(64));
  assert.match(identifier, /^[0-9a-f]{32}$/);
  setEncryptionPolicy(secret, identifier);
  setEncryptionPolicy(secret, identifier);
  assert.deepEqual(readEncryptionPolicy(secret), { version: 2, contentsMode: 1, namesMode: 4, keyIdentifier: identifier });
  assert.equal(readEncryptionKeyStatus(target, identifier), "present");

  writeFileSync(join(secret, "file"), "hidden");
  const reader = openSync(join(secret, "file"), "r");
  assert.equal(removeEncryptionKey(target, identifier), "incompletely-removed");
  assert.equal(readEncryptionKeyStatus(target, identifier), "incompletely-removed");
  closeSync(reader);
  assert.equal(removeEncryptionKey(target, identifier), "absent");
  assert.equal(removeEncryptionKey(target, identifier), "absent");
  assert.equal(readEncryptionKeyStatus(target, identifier), "absent");
  assert.ok(!readdirSync(secret).includes("file"));
  assert.throws(
    () => readFileSync(join(secret, readdirSync(secret)[0] ?? "")),
    (error) => hasErrorCode(error, "ENOKEY"),
  );
  unmount(target);
});

test("a file system without encryption says so, and the key is zeroed all the same", () => {
  using place = makePrivateMount();
  const key = randomBytes(64);
  assert.throws(() => addEncryptionKey(place.path, key), /add encryption key to .*: (ENOTTY|EOPNOTSUPP)/);
  assert.deepEqual(key, Buffer.alloc(64));
  assert.equal(readEncryptionPolicy(place.path), undefined);
});
