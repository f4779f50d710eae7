import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { tryLockFile } from "../../../src/host/kernel/lock.ts";
import { readPeerCredentials } from "../../../src/host/kernel/peer-credentials.ts";
import { hasExited, openPidfd, sendSignal } from "../../../src/host/kernel/pidfd.ts";
import { openPty, resizePty } from "../../../src/host/kernel/pty.ts";
import { makePrivateMount } from "./private-mount.ts";

test("a locked file is refused until it is let go", () => {
  using place = makePrivateMount();
  const path = join(place.path, "lock");
  const first = tryLockFile(path);
  assert.ok(first);
  assert.equal(tryLockFile(path), undefined);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  const second = tryLockFile(path);
  assert.ok(second);
  second[Symbol.dispose]();
});

test("the other end of a unix socket is known by pid, uid and gid", async () => {
  using place = makePrivateMount();
  const server = createServer().listen(join(place.path, "socket"));
  await once(server, "listening");
  const accepted = once(server, "connection");
  const client = connect(join(place.path, "socket"));
  const [socket] = (await accepted) as [Socket];
  assert.deepEqual(readPeerCredentials(socket), { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() });
  client.destroy();
  socket.destroy();
  const closed = once(server, "close");
  server.close();
  await closed;
  assert.throws(() => readPeerCredentials(socket), /no open descriptor/);
});

test("a process is signalled by its descriptor, which knows when it is over", async () => {
  const child = spawn("/usr/bin/sleep", ["60"], { stdio: "ignore" });
  const exit = once(child, "exit");
  const pidfd = openPidfd(child.pid ?? 0);
  assert.equal(hasExited(pidfd), false);
  sendSignal(pidfd, 0);
  sendSignal(pidfd, "SIGTERM");
  assert.deepEqual(await exit, [null, "SIGTERM"]);
  assert.equal(hasExited(pidfd), true);
  assert.throws(() => sendSignal(pidfd, "SIGTERM"), /ESRCH/);
  assert.throws(() => openPidfd(child.pid ?? 0), /open process \d+: ESRCH/);
  closeSync(pidfd);
});

test("a pseudo-terminal has the size it was given and carries bytes both ways", async () => {
  const { masterFd, slavePath } = openPty({ columns: 80, rows: 24 });
  const size = async () => {
    const slave = openSync(slavePath, "r+");
    const stty = spawn("/usr/bin/stty", ["size"], { stdio: [slave, "pipe", "ignore"] });
    assert.ok(stty.stdout);
    const [text] = await once(stty.stdout, "data");
    closeSync(slave);
    return String(text).trim();
  };
  assert.equal(await size(), "24 80");
  resizePty(masterFd, 132, 50);
  assert.equal(await size(), "50 132");
  const slave = openSync(slavePath, "r+");
  writeSync(slave, "hello");
  const bytes = Buffer.alloc(5);
  readSync(masterFd, bytes);
  assert.equal(bytes.toString(), "hello");
  closeSync(slave);
  closeSync(masterFd);
});
