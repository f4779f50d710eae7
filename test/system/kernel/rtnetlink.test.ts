import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { KernelError } from "../../../src/host/kernel/libc.ts";
import { createNetworkNamespace, removeNetworkNamespace, withNetworkNamespace } from "../../../src/host/kernel/namespaces.ts";
import { Rtnetlink } from "../../../src/host/kernel/rtnetlink.ts";
import { linkAddress, linkChange, neighbour, route } from "../../../src/host/kernel/rtnetlink-requests.ts";
import { makePrivateMount } from "./private-mount.ts";

/** Two namespaces, so that the machine's own network is never touched. */
function withTwoNamespaces(run: (pins: { readonly outside: string; readonly inside: string }) => void): void {
  using place = makePrivateMount();
  const pins = { outside: join(place.path, "outside"), inside: join(place.path, "inside") };
  createNetworkNamespace(pins.outside);
  createNetworkNamespace(pins.inside);
  try {
    run(pins);
  } finally {
    removeNetworkNamespace(pins.inside);
    removeNetworkNamespace(pins.outside);
  }
}

test("a routed point-to-point pair made in two batches carries packets of both kinds of IP", () => {
  withTwoNamespaces(({ outside, inside }) => {
    const peerNetnsFd = openSync(inside, "r");
    const host = { mac: "02:00:00:00:00:01", address: "10.99.0.1", address6: "fd99::1" };
    const isc = { mac: "02:00:00:00:00:02", address: "10.99.0.2", address6: "fd99::2" };
    withNetworkNamespace(outside, () => {
      using netlink = new Rtnetlink();
      netlink.createVethPair({
        name: "v0",
        peerName: "eth0",
        peerNetnsFd,
        mac: host.mac,
        peerMac: isc.mac,
        index: 76,
        peerIndex: 77,
        mtu: 1400,
        up: true,
      });
      const made = netlink.findLink("v0");
      assert.ok(made);
      assert.deepEqual([made.index, made.peerIndex], [76, 77]);
      assert.deepEqual(
        { address: made.address, mtu: made.mtu, kind: made.kind, up: made.up },
        { address: host.mac, mtu: 1400, kind: "veth", up: true },
      );
      const setUp = [
        linkChange("lo", { up: true }),
        linkAddress({ link: made.index, address: host.address, prefixLength: 32 }),
        linkAddress({ link: made.index, address: host.address6, prefixLength: 128, noDad: true }),
        route({ destination: isc.address, link: made.index }),
        route({ destination: isc.address6, link: made.index }),
        neighbour({ link: made.index, address: isc.address, mac: isc.mac }),
        neighbour({ link: made.index, address: isc.address6, mac: isc.mac }),
      ];
      netlink.run(setUp);
      // Safe to repeat.
      netlink.run(setUp);
      const addresses = netlink.listAddresses().filter(({ index, address }) => index === made.index && !address.startsWith("fe80"));
      assert.deepEqual(addresses, [
        { index: made.index, address: host.address, prefixLength: 32 },
        { index: made.index, address: host.address6, prefixLength: 128 },
      ]);
      const neighbours = new Set(netlink.listNeighbours().map(({ index, address, mac }) => `${index} ${address} ${mac}`));
      assert.ok(neighbours.isSupersetOf(new Set([isc.address, isc.address6].map((address) => `${made.index} ${address} ${isc.mac}`))));
    });
    closeSync(peerNetnsFd);
    withNetworkNamespace(inside, () => {
      using netlink = new Rtnetlink();
      netlink.run([
        linkChange(77, { up: true }),
        linkAddress({ link: 77, address: isc.address, prefixLength: 32 }),
        linkAddress({ link: 77, address: isc.address6, prefixLength: 128, noDad: true }),
        neighbour({ link: 77, address: host.address, mac: host.mac }),
        neighbour({ link: 77, address: host.address6, mac: host.mac }),
        route({ gateway: host.address, link: 77, onLink: true, source: isc.address }),
        route({ destination: host.address6, link: 77 }),
        route({ gateway: host.address6, link: 77 }),
      ]);
      const routes = execFileSync("/usr/sbin/ip", ["-j", "route", "show", "default"], { encoding: "utf8" });
      assert.match(routes, /"gateway":"10.99.0.1".*"dev":"eth0".*"prefsrc":"10.99.0.2"/);
      netlink.deleteRoute({ family: "inet6", link: 77 });
      netlink.deleteRoute({ family: "inet6", link: 77 });
      assert.equal(execFileSync("/usr/sbin/ip", ["-6", "route", "show", "default"], { encoding: "utf8" }), "");
      assert.equal(knock(host.address), "refused");
      assert.equal(knock(host.address6), "refused");
    });
  });
});

test("a batch tries everything and tells of the first refusal in the kernel's words", () => {
  withTwoNamespaces(({ outside }) => {
    withNetworkNamespace(outside, () => {
      using netlink = new Rtnetlink();
      assert.throws(
        () => netlink.run([linkChange("missing", { up: true }), linkChange("lo", { up: true })]),
        (error) => error instanceof KernelError && error.code === "ENODEV" && error.message.startsWith("change link missing: ENODEV"),
      );
      assert.equal(netlink.findLink("lo")?.up, true);
      assert.throws(
        () => netlink.addRoute({ destination: "10.1.0.0", prefixLength: 16, gateway: "10.2.0.1" }),
        /Nexthop has invalid gateway/,
      );
    });
  });
});

test("links are found, made once, listed and deleted", () => {
  withTwoNamespaces(({ outside }) => {
    withNetworkNamespace(outside, () => {
      using netlink = new Rtnetlink();
      assert.equal(netlink.findLink("p0"), undefined);
      for (let n = 0; n < 40; n++) netlink.createVethPair({ name: `p${n}`, peerName: `q${n}` });
      assert.throws(() => netlink.createVethPair({ name: "p0", peerName: "q0" }), /create veth pair p0, q0: EEXIST/);
      assert.equal(netlink.listLinks().filter(({ kind }) => kind === "veth").length, 80);
      for (let n = 0; n < 40; n++) netlink.deleteLink(`p${n}`);
      netlink.deleteLink("p0");
      assert.equal(netlink.listLinks().filter(({ kind }) => kind === "veth").length, 0);
    });
  });
});

/** A closed port that refuses has been reached; no ping program is needed. */
function knock(address: string): string {
  try {
    execFileSync("/usr/bin/timeout", ["3", "/bin/bash", "-c", `exec 3<>/dev/tcp/${address}/9`], { stdio: ["ignore", "ignore", "pipe"] });
    return "connected";
  } catch (error) {
    const words = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
    return words.includes("Connection refused") ? "refused" : words;
  }
}
