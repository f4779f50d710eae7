import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import {
  createNetworkNamespace,
  isNamespacePin,
  removeNetworkNamespace,
  withNetworkNamespace,
} from "../../../src/host/kernel/namespaces.ts";
import { Rtnetlink } from "../../../src/host/kernel/rtnetlink.ts";
import { UserNamespacePool } from "../../../src/host/kernel/user-namespace.ts";
import { makePrivateMount } from "./private-mount.ts";

const home = readlinkSync("/proc/thread-self/ns/net");

test("a new network namespace is set up from inside and the thread comes home", () => {
  using place = makePrivateMount();
  const pin = join(place.path, "run", "netns");
  const links = createNetworkNamespace(pin, () => {
    writeFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    using netlink = new Rtnetlink();
    netlink.setLinkUp("lo");
    return netlink.listLinks();
  });
  assert.deepEqual(
    links.map(({ name, up }) => ({ name, up })).filter(({ name }) => name === "lo"),
    [{ name: "lo", up: true }],
  );
  assert.equal(readlinkSync("/proc/thread-self/ns/net"), home);
  assert.ok(isNamespacePin(pin));
  const read = () => readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8").trim();
  assert.equal(withNetworkNamespace(pin, read), "0");
  // Made again, it is the same one.
  assert.equal(createNetworkNamespace(pin, read), "0");
  removeNetworkNamespace(pin);
  removeNetworkNamespace(pin);
  assert.ok(!isNamespacePin(pin));
});

test("a set-up that throws leaves no namespace, and the thread comes home", () => {
  using place = makePrivateMount();
  const pin = join(place.path, "netns");
  assert.throws(
    () =>
      createNetworkNamespace(pin, () => {
        throw new Error("no");
      }),
    /no/,
  );
  assert.throws(() => createNetworkNamespace(pin, () => Promise.resolve()), /must be synchronous/);
  assert.deepEqual(readdirSync(place.path), []);
  assert.equal(readlinkSync("/proc/thread-self/ns/net"), home);
});

test("user namespaces carry their own maps, and more can be taken than are spare", async () => {
  using _place = makePrivateMount();
  const before = listUnshareChildren();
  const pool = new UserNamespacePool(2);
  const descriptors = await Promise.all([1, 2, 3, 4, 5].map((n) => pool.take({ insideId: 0, hostId: n * 65_536, count: 65_536 })));
  const names = descriptors.map((fd) => readlinkSync(`/proc/self/fd/${fd}`));
  assert.equal(new Set(names).size, 5);
  assert.ok(!names.includes(readlinkSync("/proc/self/ns/user")));
  for (const fd of descriptors) closeSync(fd);
  await assert.rejects(pool.take({ insideId: 0, hostId: 0, count: 0 }), /EINVAL/);
  await pool.close();
  assert.deepEqual(listUnshareChildren(), before);
});

test("spare user namespaces end with the process that holds them, even when it is killed", async () => {
  const pool = new URL("../../../src/host/kernel/user-namespace.ts", import.meta.url).href;
  const script = `
    const { UserNamespacePool } = await import(${JSON.stringify(pool)});
    await new UserNamespacePool(2).take({ insideId: 0, hostId: 65536, count: 1 });
    const { readFileSync } = await import("node:fs");
    process.stdout.write(readFileSync("/proc/self/task/" + process.pid + "/children", "utf8"));
    process.kill(process.pid, "SIGKILL");`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  const children = stdout.trim().split(" ");
  assert.ok(children.length > 0 && children[0] !== "");
  for (let attempt = 0; attempt < 100 && children.some(isRunning); attempt++) await setTimeout(20);
  assert.deepEqual(children.filter(isRunning), []);
});

/** Whether a process is there and no zombie. */
function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** The spare children of this process, by command. */
function listUnshareChildren(): readonly string[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  return children.map((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim());
}
