/**
 * Frames that no honest stack sends, from inside an ISC's network. Nothing in an ISC can send them (see intruder.test.ts), so the host's
 * root does it in the ISC's namespace: as if an intruder had broken the kernel's rules there, but not its walls.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { IscSummary } from "../../src/model/isc.ts";
import type { Name } from "../../src/model/name.ts";
import { blueprintPath } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import {
  type Ends,
  everybody,
  makeArpAnswer,
  makeArpQuestion,
  makeDatagram,
  makeNeighbourAdvertisement,
  makeRouterAdvertisement,
} from "./support/frames.ts";
import { Neighbours } from "./support/neighbours.ts";

const [web, other] = ["web" as Name, "other" as Name];
const port = 9_000;
/** Frames come in as lines of hexadecimal digits; packet(7), ETH_P_ALL. */
const sender = `
  use Socket; socket(my $s, 17, SOCK_RAW, 0x0300) or die "socket: $!";
  my $index = \`cat /sys/class/net/$ARGV[0]/ifindex\` + 0 || die "no $ARGV[0]";
  while (<STDIN>) { chomp; send($s, pack("H*", $_), 0, pack("SnISCCa8", 17, 0x0003, $index, 0, 0, 6, "")) or die "send: $!" }`;
/** Prints every datagram with its sender. */
const hearer = `
  const s = require("node:dgram").createSocket("udp6");
  s.on("message", (m, from) => console.log(String(m), from.address)); s.bind(${port}, "::", () => console.log("ready"));`;

function findIsc(iscs: readonly IscSummary[], name: Name): IscSummary {
  const found = iscs.find((isc) => isc.name === name);
  assert.ok(found);
  return found;
}

describe("forged packets", () => {
  let hosts: Neighbours;
  let dock: TestDock;
  let folder: string;
  let own: IscSummary;
  let foreign: IscSummary;
  let ends: Ends;
  let hearing: ChildProcess;
  let heard = "";

  before(async () => {
    hosts = new Neighbours();
    dock = await TestDock.start({ networkNamespace: hosts.host });
    folder = mkdtempSync("/var/tmp/isc-test-forged-");
    cpSync(path.dirname(blueprintPath("nginx")), folder, { recursive: true });
    const allowed = `connect: ["${hosts.otherAddress}:${port}/udp", "[2001:db8:1::2]:${port}/udp"]`;
    const text = readFileSync(blueprintPath("nginx"), "utf8").replace(/^(\s+)expose:.*$/m, `$1${allowed}`);
    writeFileSync(`${folder}/nginx.yaml`, text);
    const { digest } = await dock.client.call("build", { blueprint: `${folder}/nginx.yaml` });
    for (const name of [web, other]) await dock.client.call("create", { name, image: digest });
    await dock.client.call("start", { names: [web, other] });
    const { iscs } = await dock.client.call("list", {});
    own = findIsc(iscs, web);
    foreign = findIsc(iscs, other);
    const outside = JSON.parse(hosts.run("host", ["ip", "-j", "link", "show", "type", "veth"])) as readonly {
      ifname: string;
      address: string;
    }[];
    const link = outside.find(({ ifname }) => ifname.startsWith(`isc${dock.tag}-`) && ifname.endsWith("-1"));
    assert.ok(link);
    ends = { fromMac: (await macInside(web)).trim(), toMac: link.address };
    hearing = spawn("ip", ["netns", "exec", hosts.other, process.execPath, "-e", hearer], { stdio: ["ignore", "pipe", "inherit"] });
    hearing.stdout?.on("data", (data) => {
      heard += String(data);
    });
    while (!heard.includes("ready")) await sleep(10);
  });

  after(async () => {
    hearing.kill("SIGKILL");
    await dock[Symbol.asyncDispose]();
    hosts[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });

  const pidOf = async (name: Name) => String((await dock.client.call("list", {})).iscs.find((isc) => isc.name === name)?.pid);
  const enter = async (name: Name, words: readonly string[], input = "") => {
    // A /sys of that namespace, which only a mount of one's own can show.
    const inside = ["--mount", "--", "sh", "-c", `mount -t sysfs sys /sys && exec "$@"`, "sh", ...words];
    const { status, stdout, stderr } = spawnSync("nsenter", [`--net=/proc/${await pidOf(name)}/ns/net`, "unshare", ...inside], {
      encoding: "utf8",
      input,
    });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const macInside = (name: Name) => enter(name, ["cat", "/sys/class/net/eth0/address"]);
  const send = async (...frames: readonly Buffer[]) => {
    await enter(web, ["perl", "-e", sender, "eth0"], `${frames.map((bytes) => bytes.toString("hex")).join("\n")}\n`);
    await sleep(300);
  };
  const spoofed = () => {
    const listed = JSON.parse(hosts.run("host", ["nft", "-j", "list", "counters", "table", "inet", `isc_${dock.tag}`]));
    return Number(listed.nftables.find((entry: { counter?: { name: string } }) => entry.counter?.name === "spoofed").counter.packets);
  };
  /** What the host believes of its neighbours and its ways: whoever changes that, leads packets elsewhere. */
  const beliefs = () => ({
    // Entries for what is no way of the host lead nobody anywhere; those it uses are permanent or of the outer link.
    neighbours: (JSON.parse(hosts.run("host", ["ip", "-j", "neigh", "show"])) as readonly { dst: string; dev: string; lladdr?: string }[])
      .filter(({ lladdr }) => lladdr !== undefined)
      .map(({ dst, dev, lladdr }) => `${dst} ${dev} ${lladdr}`)
      .sort(),
    routes: hosts.run("host", ["ip", "route", "show", "table", "all"]),
    routes6: hosts.run("host", ["ip", "-6", "route", "show", "table", "all"]).replaceAll(/expires \S+/g, ""),
    addresses: hosts.run("host", ["ip", "-brief", "address"]),
  });
  const serves = (isc: IscSummary) => hosts.curl("host", `http://${isc.address}:80/`);

  test("its own packets, made by the same hands, do arrive", async () => {
    for (const [from, to] of [
      [own.address, hosts.otherAddress],
      [own.address6, "2001:db8:1::2"],
    ] as const) {
      await send(makeDatagram(ends, { from, to, port, text: `honest-${to}` }));
      assert.match(heard, new RegExp(`^honest-${to} `, "m"));
    }
  });

  test("a packet with another's source address arrives nowhere, whoever's it is", async () => {
    const before = spoofed();
    const sources = [
      [foreign.address, hosts.otherAddress],
      [hosts.hostAddress, hosts.otherAddress],
      [hosts.otherAddress, hosts.otherAddress],
      ["127.0.0.1", hosts.otherAddress],
      ["0.0.0.0", hosts.otherAddress],
      [foreign.address6, "2001:db8:1::2"],
      [hosts.hostAddress6, "2001:db8:1::2"],
      ["fe80::1", "2001:db8:1::2"],
      ["::1", "2001:db8:1::2"],
    ] as const;
    for (const [from, to] of sources) await send(makeDatagram(ends, { from, to, port, text: `forged-${from}` }));
    assert.doesNotMatch(heard, /forged/);
    // The kernel itself drops some of them (a loopback address from outside) before the firewall could count them.
    assert.ok(spoofed() >= before + 5, `${spoofed() - before} of ${sources.length} were counted`);
    await send(makeDatagram(ends, { from: own.address, to: hosts.otherAddress, port, text: "honest-again" }));
    assert.match(heard, /honest-again/);
  });

  test("a packet to another ISC, or to a loopback address of the host, arrives nowhere either", async () => {
    const listening = spawn("nsenter", [`--net=/proc/${await pidOf(other)}/ns/net`, process.execPath, "-e", hearer], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let heardThere = "";
    listening.stdout.on("data", (data) => {
      heardThere += String(data);
    });
    while (!heardThere.includes("ready")) await sleep(10);
    for (const to of [foreign.address, "127.0.0.1", hosts.hostAddress])
      await send(
        makeDatagram(ends, { from: own.address, to, port, text: "hello" }),
        makeDatagram({ ...ends, toMac: everybody }, { from: own.address, to, port, text: "hello" }),
      );
    await send(makeDatagram(ends, { from: own.address6, to: foreign.address6, port, text: "hello" }));
    assert.equal(heardThere, "ready\n");
    listening.kill("SIGKILL");
  });

  test("forged ARP and neighbour discovery change nothing that the host believes", async () => {
    // Both are asked once, so that what an honest question leaves is there before.
    assert.deepEqual([serves(own), serves(foreign)], ["200", "200"]);
    await send(makeDatagram(ends, { from: own.address, to: hosts.otherAddress, port, text: "before" }));
    const earlier = beliefs();
    const shout = { ...ends, toMac: everybody };
    const claimed = [foreign.address, hosts.otherAddress, hosts.hostAddress];
    const claimed6 = [foreign.address6, "2001:db8:1::2", hosts.hostAddress6];
    await send(
      ...claimed.flatMap((address) => [makeArpAnswer(shout, address), makeArpAnswer(ends, address)]),
      ...claimed.map((address) => makeArpQuestion(shout, address, hosts.hostAddress)),
      ...claimed6.flatMap((address) => [
        makeNeighbourAdvertisement(shout, "fe80::bad", "ff02::1", address),
        makeNeighbourAdvertisement(ends, own.address6, hosts.hostAddress6, address),
      ]),
      makeRouterAdvertisement({ ...ends, toMac: "33:33:00:00:00:01" }, "fe80::bad"),
    );
    assert.deepEqual(beliefs(), earlier);
    assert.deepEqual([serves(own), serves(foreign)], ["200", "200"]);
    const { findings } = await dock.client.call("verify", { names: [web, other] });
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
    );
  });

  test("the same ARP frame from a host that the dock's host does have as a neighbour is believed", () => {
    const links = JSON.parse(hosts.run("other", ["ip", "-j", "link", "show", "type", "veth"])) as readonly { ifname: string }[];
    const forged = "02:00:00:00:00:99";
    const frame = makeArpAnswer({ fromMac: forged, toMac: everybody }, hosts.otherAddress).toString("hex");
    // ip netns exec shows that namespace's own /sys.
    const words = ["netns", "exec", hosts.other, "perl", "-e", sender, links[0]?.ifname ?? ""];
    const { status, stderr } = spawnSync("ip", words, { encoding: "utf8", input: `${frame}\n` });
    assert.equal(status, 0, stderr);
    assert.match(hosts.run("host", ["ip", "neigh", "show", hosts.otherAddress]), new RegExp(forged));
  });
});
