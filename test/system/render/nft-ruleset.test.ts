import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { renderNftBase } from "../../../src/render/nft-ruleset.ts";
import { type IscTraffic, listNftElements, type NftElement, renderNftElements } from "../../../src/render/nft-ruleset-elements.ts";
import { planForeignFirewall, planForeignFirewallRemoval } from "../../../src/render/nft-ruleset-foreign.ts";
import { normalizeNftRules, parseNftCounters, parseNftElements } from "../../../src/render/nft-ruleset-listing.ts";
import { logGroupOf } from "../../../src/render/nft-ruleset-refusals.ts";
import { dock, host, listLeaks, NetworkLab, one, other, two } from "./network-lab.ts";

const table = ["table", "inet", `isc_${dock.tag}`];
const listening: IscTraffic = {
  interfaces: one.interfaces,
  listen: [{ port: 80, protocol: "tcp" }],
  exposures: [
    { hostPort: 8080, port: 80, protocol: "tcp" },
    { hostPort: 8053, port: 53, protocol: "udp" },
    { hostPort: 8081, port: 80, protocol: "tcp", address: "127.0.0.1" },
  ],
  connections: [
    { address: other.address, port: 9000, protocol: "tcp" },
    { address: "2001:db8::/32", port: 9000, protocol: "tcp" },
    { address: "10.0.0.0/8", port: 80, protocol: "tcp" },
  ],
};
const neighbour: IscTraffic = {
  interfaces: two.interfaces,
  listen: [{ port: 80, protocol: "tcp" }],
  exposures: [],
  connections: [
    { address: one.address, port: 80, protocol: "tcp" },
    { address: one.address6, port: 80, protocol: "tcp" },
    { address: host.address, port: 8080, protocol: "tcp" },
  ],
};

describe("the firewall", { skip: process.getuid?.() === 0 ? false : "needs root for network namespaces" }, () => {
  let lab: NetworkLab;
  let elements: readonly NftElement[] = [];
  const become = (...iscs: readonly IscTraffic[]) => {
    const wanted = iscs.flatMap(listNftElements);
    lab.nft(renderNftElements(dock, elements, wanted));
    elements = wanted;
  };

  before(async () => {
    lab = new NetworkLab();
    lab.nft(renderNftBase(dock, logGroupOf(dock)));
    become(listening, neighbour);
    await lab.serve("one", 80, 81, 53);
    await lab.serve("two", 80);
    await lab.serve("other", 9000, 9001);
    await lab.serve("host", 7000);
  });
  after(() => {
    lab[Symbol.dispose]();
    assert.deepEqual(listLeaks(), []);
  });

  test("an exposed port answers other hosts, and the service sees who asks", () => {
    assert.equal(lab.ask("other", host.address, 8080), `open ::ffff:${other.address}`);
    assert.equal(lab.ask("other", host.address6, 8080), `open ${other.address6}`);
    assert.equal(lab.ask("other", host.address, 8053, "udp"), "open");
    assert.equal(lab.ask("other", host.address6, 8053, "udp"), "open");
  });

  test("an exposed port answers the host itself, on its loopback addresses too", () => {
    for (const address of ["127.0.0.1", "::1", host.address, host.address6, one.gateway]) {
      assert.match(lab.ask("host", address, 8080), /^open /, address);
      assert.equal(lab.ask("host", address, 8053, "udp"), "open", address);
    }
    assert.equal(lab.ask("host", "::1", 7000), "open ::1");
  });

  test("a port exposed at one address answers there alone", () => {
    assert.match(lab.ask("host", "127.0.0.1", 8081), /^open /);
    assert.match(lab.ask("host", host.address, 8081), /ECONNREFUSED/);
    assert.match(lab.ask("other", host.address, 8081), /ECONNREFUSED/);
  });

  test("nobody outside reaches an ISC's own address, and the host only the ports it listens on", () => {
    for (const address of [one.address, one.address6]) {
      assert.equal(lab.ask("other", address, 80), "timeout");
      assert.match(lab.ask("host", address, 80), /^open /);
      assert.equal(lab.ask("host", address, 81), "timeout");
    }
  });

  test("an ISC opens the connections declared, and no other", () => {
    assert.match(lab.ask("one", other.address, 9000), /^open /);
    assert.match(lab.ask("one", other.address6, 9000), /^open /);
    const denied = countDenied(lab);
    assert.equal(lab.ask("one", other.address, 9001), "timeout");
    assert.equal(lab.ask("one", other.address, 9000, "udp"), "timeout");
    assert.equal(lab.ask("one", other.address6, 9001), "timeout");
    assert.equal(lab.ask("one", host.address, 7000), "timeout");
    assert.equal(lab.ask("one", one.gateway, 7000), "timeout");
    assert(countDenied(lab) >= denied + 5);
  });

  test("ISCs reach each other where one connects and the other listens, never through a prefix", () => {
    assert.equal(lab.ask("two", one.address, 80), `open ::ffff:${two.address}`);
    assert.match(lab.ask("two", one.address6, 80), /^open /);
    assert.match(lab.ask("two", host.address, 8080), /^open /);
    assert.equal(lab.ask("two", one.address, 81), "timeout");
    assert.equal(lab.ask("one", two.address, 80), "timeout");
  });

  test("packets with another's address go nowhere", () => {
    const spoofed = parseNftCounters(lab.listing("counters")).spoofed?.packets ?? 0;
    lab.run("one", "ip", "address", "add", "10.201.0.77/32", "dev", "eth0");
    lab.run("one", "ip", "address", "add", `${two.address}/32`, "dev", "eth0");
    lab.run("other", "ip", "address", "add", "10.201.0.99/32", "dev", "outside");
    assert.equal(lab.ask("one", other.address, 9000, "tcp", "10.201.0.77"), "timeout");
    assert.equal(lab.ask("one", other.address, 9000, "tcp", two.address), "timeout");
    assert.equal(lab.ask("other", host.address, 8080, "tcp", "10.201.0.99"), "timeout");
    assert((parseNftCounters(lab.listing("counters")).spoofed?.packets ?? 0) >= spoofed + 3);
    lab.run("one", "ip", "address", "del", "10.201.0.77/32", "dev", "eth0");
    lab.run("one", "ip", "address", "del", `${two.address}/32`, "dev", "eth0");
  });

  test("an ISC that routes 127.0.0.1 to the host finds nothing there", () => {
    lab.run("two", "ip", "link", "set", "lo", "down");
    lab.run("two", "sysctl", "-qw", "net.ipv4.conf.eth0.route_localnet=1");
    lab.run("two", "ip", "route", "add", "127.0.0.1", "via", two.gateway, "dev", "eth0");
    assert.equal(lab.ask("two", "127.0.0.1", 7000, "tcp", two.address), "timeout");
    lab.run("two", "ip", "route", "del", "127.0.0.1");
    lab.run("two", "ip", "link", "set", "lo", "up");
  });

  test("an ISC or another host that routes ::1 to the host finds nothing there, neither a service nor an exposed port", () => {
    assert.equal(lab.ask("host", "::1", 7000), "open ::1");
    for (const { place, from, link, gateway } of [
      { place: "two", from: two.address6, link: "eth0", gateway: two.gateway6 },
      { place: "other", from: other.address6, link: "outside", gateway: host.address6 },
    ] as const) {
      lab.run(place, "ip", "link", "set", "lo", "down");
      lab.run(place, "ip", "-6", "route", "add", "::1/128", "via", gateway, "dev", link);
      const dropped = countBadHeaders(lab);
      assert.equal(lab.ask(place, "::1", 7000, "tcp", from), "timeout", place);
      assert.equal(lab.ask(place, "::1", 7000, "udp", from), "timeout", place);
      assert.equal(lab.ask(place, "::1", 8080, "tcp", from), "timeout", place);
      assert.ok(countBadHeaders(lab) >= dropped + 3, `the packets of ${place} came to the host and were dropped there`);
      lab.run(place, "ip", "-6", "route", "del", "::1/128");
      lab.run(place, "ip", "link", "set", "lo", "up");
    }
  });

  test("changes leave open connections alone, and end exposures for new ones", async () => {
    const held = lab.hold("other", host.address, 8080);
    assert(held.stdin && held.stdout);
    await once(held.stdout, "data");
    become({ ...listening, exposures: [{ hostPort: 8090, port: 80, protocol: "tcp" }] });
    assert.match(lab.ask("other", host.address, 8080), /ECONNREFUSED/);
    assert.match(lab.ask("other", host.address, 8090), /^open /);
    assert.equal(lab.ask("two", one.address, 80), "timeout");
    held.stdin.write("still there\n");
    const [answer] = await once(held.stdout, "data");
    assert.equal(String(answer), "still there\n");
    become({ ...listening, quarantined: true }, neighbour);
    held.stdin.write("cut\n");
    const silence = AbortSignal.timeout(500);
    await assert.rejects(once(held.stdout, "data", { signal: silence }), { name: "AbortError" });
    assert.equal(lab.ask("host", one.address, 80), "timeout");
    assert.equal(lab.ask("other", host.address, 8080), "timeout");
    become(listening, neighbour);
    assert.match(lab.ask("other", host.address, 8080), /^open /);
  });

  test("nft accepts the golden files, one after the other", () => {
    const golden = (name: string) => join(import.meta.dirname, "../../../src/render/golden", name);
    for (const name of ["base.nft", "elements.nft", "elements-change.nft"]) {
      lab.run("other", "nft", "-c", "-f", golden(name));
      lab.run("other", "nft", "-f", golden(name));
    }
  });

  test("what was loaded reads back the same, and a missing rule shows", () => {
    const listed = parseNftElements(lab.listing(...table));
    assert.equal(renderNftElements(dock, listed, elements), "");
    assert.equal(renderNftElements(dock, elements, listed), "");
    const loaded = normalizeNftRules(lab.listing(...table));
    lab.nft(renderNftBase(dock, logGroupOf(dock)));
    lab.nft(renderNftElements(dock, [], elements));
    assert.equal(normalizeNftRules(lab.listing(...table)), loaded);
    lab.nft(`flush chain inet isc_${dock.tag} inbound`);
    assert.notEqual(normalizeNftRules(lab.listing(...table)), loaded);
    lab.nft(renderNftBase(dock, logGroupOf(dock)) + renderNftElements(dock, [], elements));
    assert.equal(lab.ask("other", one.address, 80), "timeout");
  });

  for (const [how, rules] of Object.entries({
    "by policy": [["-P", "FORWARD", "DROP"]],
    "by a last rule": [["-A", "FORWARD", "-j", "REJECT"]],
    "in a chain of its own": [
      ["-N", "reject-it"],
      ["-A", "reject-it", "-j", "REJECT"],
      ["-A", "FORWARD", "-j", "reject-it"],
    ],
  })) {
    test(`a foreign firewall that refuses forwarding ${how} is told of our links, once, and only they pass`, () => {
      for (const program of ["iptables", "ip6tables"]) for (const rule of rules) lab.run("host", program, ...rule);
      assert.doesNotMatch(lab.ask("other", host.address, 8080), /^open/);
      const plan = planForeignFirewall(dock, lab.listing("ruleset"));
      lab.nft(plan.commands);
      assert.equal(planForeignFirewall(dock, lab.listing("ruleset")).commands, "");
      assert.match(lab.ask("other", host.address, 8080), /^open /);
      assert.match(lab.ask("other", host.address6, 8080), /^open /);
      assert.match(lab.ask("one", other.address6, 9000), /^open /);
      assert.equal(lab.ask("other", one.address, 80), "timeout");
      assert.match(lab.run("host", "iptables", "-S", "FORWARD"), /iscadm/);
      lab.nft(planForeignFirewallRemoval(dock, lab.listing("ruleset")).commands);
      assert.doesNotMatch(lab.run("host", "iptables-save"), /iscadm/);
      for (const program of ["iptables", "ip6tables"]) {
        lab.run("host", program, "-P", "FORWARD", "ACCEPT");
        lab.run("host", program, "-F");
      }
    });
  }
});

function countDenied(lab: NetworkLab): number {
  return parseNftCounters(lab.listing("counters")).denied_out?.packets ?? 0;
}

/** Packets that the host's kernel dropped for what their IPv6 header says. */
function countBadHeaders(lab: NetworkLab): number {
  return Number(/^Ip6InHdrErrors\s+(\d+)/m.exec(lab.run("host", "cat", "/proc/net/snmp6"))?.[1]);
}
