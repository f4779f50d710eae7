/** The test of networks, on networks of a test's own: it finds what is open, what is closed, and each hole. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { NetworkProbe } from "../../../src/model/stack-view.ts";
import { declared, type LabStack, listLeaks, ProbeLab } from "./probe-lab.ts";

const stack: LabStack = {
  networks: ["front", "back"],
  members: [
    { name: "web", count: 1, networks: ["front", "back"] },
    { name: "app", count: 2, networks: ["back"] },
  ],
  flows: [
    { from: "web", to: "app", port: 9000, protocol: "tcp" },
    { from: "web", to: "app", port: 9001, protocol: "udp" },
    { from: "dock", to: "app", port: 9000, protocol: "tcp" },
  ],
  expose: [{ member: "web", hostPort: 8080, port: 80 }],
  outward: ["web"],
};

const differences = (probes: readonly NetworkProbe[]) => probes.filter(({ expected, seen }) => expected !== seen);
const brief = ({ from, to, family, what }: NetworkProbe) => `${from} → ${to} ipv${family} ${what}`;
const passing = (probes: readonly NetworkProbe[]) => probes.filter(({ seen }) => seen === "passes").map(brief);

describe("the test of networks", { skip: process.getuid?.() === 0 ? false : "needs root for network namespaces" }, () => {
  let lab: ProbeLab;
  before(() => {
    lab = new ProbeLab(stack);
  });
  after(() => {
    lab[Symbol.dispose]();
    assert.deepEqual(listLeaks(), []);
  });

  test("everything declared passes, everything else is refused, and nothing is left behind", async () => {
    const links = lab.listLinks();
    const { probes } = await lab.test();
    assert.deepEqual(differences(probes), []);
    const seen = passing(probes);
    for (const family of [4, 6]) {
      for (const expected of [
        `web → app-1 ipv${family} tcp 9000`,
        `web → app-1 ipv${family} tcp 9000 (any)`,
        `web → app-2 ipv${family} udp 9001`,
        `dock → app-2 ipv${family} tcp 9000`,
        `outside → web ipv${family} tcp 8080 (host port)`,
        `web → outside ipv${family} tcp ${declared.port} (${family === 4 ? declared.address : declared.address6})`,
        `app-1 → dock ipv${family} udp 53 (${family === 4 ? "10.77.255.1" : "fd77:ff::1"})`,
      ])
        assert.ok(seen.includes(expected), `${expected} passes`);
    }
    for (const what of ["spoofed mac", "router advertisement", "dhcp (discover)", "dhcp (offer)", "arp (reply)", "neighbour advertisement"])
      assert.ok(
        probes.some((probe) => probe.from === "app-1" && probe.what === what && probe.seen === "refused"),
        what,
      );
    assert.deepEqual(lab.listLinks(), links);
    assert.ok(!existsSync(lab.outside.pin));
  });

  const holes = [
    ["a port that nobody declared", "add element inet lab connect4 { 10.77.1.2 . 10.78.1.1 . tcp . 80 }", "app-1 → web ipv4 tcp 80"],
    [
      "an ISC's own address",
      "insert rule inet lab outbound ip daddr 10.77.1.3 accept; insert rule inet lab inbound ip daddr 10.77.1.3 accept",
      /→ app-2 ipv4 (tcp|udp|icmp).*own address/,
    ],
    ["outside", "insert rule inet lab outbound ip6 daddr != fd77:ff::1 udp dport 1021 accept", /→ outside ipv6 udp 1021/],
    [
      "from outside",
      "insert rule inet lab inbound ip daddr 10.77.0.1 accept",
      /^outside → web ipv4 tcp 9000|^outside → web ipv4 tcp 80 \(own/,
    ],
    ["the dock's host", "insert rule inet lab outbound ip daddr 10.77.255.1 accept", /^app-1 → dock ipv4 tcp 22/],
    [
      "other addresses",
      "insert rule inet lab sources ip6 saddr != { ::, fe80::/10, fd77::/16 } accept; insert rule inet lab outbound ip6 saddr != { fe80::/10, fd77::/16 } accept",
      /^web → app-1 ipv6 spoofed address \(fd/,
    ],
    ["other link addresses", 'insert rule inet lab sources iifname "isct-1b" ip saddr 10.77.1.1 accept', "web → app-1 ipv4 spoofed mac"],
    [
      "router advertisements",
      "insert rule inet lab sources icmpv6 type nd-router-advert accept; insert rule inet lab outbound icmpv6 type nd-router-advert accept",
      /→ dock ipv6 router advertisement/,
    ],
    [
      "DHCP",
      "insert rule inet lab sources udp dport 67 accept; insert rule inet lab outbound udp dport 67 accept",
      /→ dock ipv4 dhcp \(discover\)/,
    ],
  ] as const;

  for (const [name, commands, expected] of holes)
    test(`a hole is found: ${name}`, async () => {
      lab.nft(commands.split("; ").join("\n"));
      try {
        const found = differences((await lab.test()).probes);
        assert.ok(
          found.every(({ seen }) => seen === "passes"),
          "nothing that should pass was refused",
        );
        const sentences = found.map(brief);
        assert.ok(
          sentences.some((sentence) => (typeof expected === "string" ? sentence === expected : expected.test(sentence))),
          sentences.join("\n"),
        );
      } finally {
        lab.reload();
      }
    });

  test("a flow that does not get through is a difference", async () => {
    lab.nft("delete element inet lab connect6 { fd77:1::1 . fd78:1::c . tcp . 9000 }");
    const { probes } = await lab.test();
    lab.nft("add element inet lab connect6 { fd77:1::1 . fd78:1::c . tcp . 9000 }");
    assert.deepEqual(differences(probes).map(brief), ["web → app-1 ipv6 tcp 9000"]);
  });

  test("the sensor tells of no probe, and of everything that another sends meanwhile", async () => {
    const before = lab.countRefused();
    const attack = `const s = require("node:dgram").createSocket("udp4"); let left = 40;
      const next = () => { if (left-- === 0) return s.close(); s.send("x", 4444, "10.77.1.3", () => setTimeout(next, 20)); }; next();`;
    const attacker = spawn("ip", ["netns", "exec", lab.namespaceOf("app-1"), process.execPath, "-e", attack]);
    const exited = once(attacker, "exit");
    const { told, unlogged } = await lab.test();
    await exited;
    const after = lab.countRefused();
    assert.ok(after.out - before.out > 200);
    assert.deepEqual(unlogged, { out: 0, in: 0, spoof: 0 }, "the book knew of each that was logged, and of no more");
    assert.deepEqual(
      told.filter((sentence) => !sentence.includes("10.77.1.3 udp 4444")),
      [],
    );
    assert.ok(told.length > 0);
  });

  test("what a killed test left is taken away by the next", async () => {
    spawnSync("ip", ["netns", "add", `iscp-x-${lab.host.split("-").at(-1)}`]);
    const links = lab.listLinks();
    assert.equal(spawnSync("ip", ["-n", lab.host, "link", "add", lab.outside.link, "type", "veth", "peer", "name", "gone"]).status, 0);
    assert.deepEqual(differences((await lab.test()).probes), []);
    assert.deepEqual(lab.listLinks(), links);
    assert.ok(!existsSync(lab.outside.pin));
  });
});
