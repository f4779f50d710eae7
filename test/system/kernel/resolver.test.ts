import assert from "node:assert/strict";
import { type ChildProcess, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { CountedRefusal, RefusalReport } from "../../../src/host/resolver/refusal-batch.ts";
import { startResolver } from "../../../src/host/resolver/resolver.ts";
import type { Resolver, ResolverOptions } from "../../../src/host/resolver/resolver-options.ts";
import type { ResolverPolicy } from "../../../src/host/resolver/resolver-policy.ts";
import type { Heard, Order } from "./resolver-asker.ts";
import { app, ResolverLab, resolver4, resolver6, resolverUid, stranger, web } from "./resolver-lab.ts";

const many = Array.from({ length: 60 }, (_, index) => `10.214.0.${index + 1}`);
const policy: ResolverPolicy = [
  {
    name: "shop-web",
    sources: [web.source, web.source6],
    inside: { "app.back.isc": ["10.214.0.1", "fd15:c0de:214::1"], "many.back.isc": many },
    outside: ["api.example.org", "slow.example.org", "broken.example.org"],
  },
  { name: "shop-app", sources: [app.source, app.source6], inside: { "db.back.isc": ["10.214.1.2"] }, outside: [] },
];

test("ISCs have the names that the policy gives them answered, and no others", async () => {
  await using area = await Area.open();
  const { ask } = area;
  const found = await ask({ name: "App.bAck.isc" });
  assert.equal(found.rcode, "NOERROR");
  assert.equal(found.question, "App.bAck.isc");
  assert.deepEqual(found.answers, [{ name: "App.bAck.isc", type: "A", ttl: 5, data: "10.214.0.1" }]);
  const found6 = await ask({ name: "app.back.isc", type: "AAAA", source: web.source6, server: resolver6 });
  assert.equal(found6.answers[0]?.data, "fd15:c0de:214::1");
  const pointer = await ask({ name: "1.0.214.10.in-addr.arpa", type: "PTR" });
  assert.equal(pointer.answers[0]?.data, "app.back.isc");

  for (const type of ["HTTPS", "UNKNOWN_64", "TXT", "MX", "ANY"]) {
    const empty = await ask({ name: "api.example.org", type });
    assert.deepEqual([empty.rcode, empty.answers], ["NOERROR", []], type);
  }
  assert.equal((await ask({ name: "db.back.isc" })).rcode, "NXDOMAIN");
  assert.equal((await ask({ name: "2.1.214.10.in-addr.arpa", type: "PTR" })).rcode, "NXDOMAIN");
  assert.equal((await ask({ name: "example.org" })).rcode, "REFUSED");
  assert.equal((await ask({ name: "c2VjcmV0.api.example.org", type: "TXT" })).rcode, "REFUSED");
  assert.equal((await ask({ name: "api.example.org", source: app.source })).rcode, "REFUSED");
  assert.equal((await ask({ name: "app.back.isc", flags: 0x2000 })).rcode, "NOTIMP");
  assert.equal((await ask({ name: "app.back.isc", source: stranger.source })).rcode, undefined);
  assert.deepEqual(area.asked, []);

  await area.untilTold((refused) => refused.some(({ reason }) => reason === "opcode"));
  const told = area.refused.map(({ asker, name, type, reason }) => [asker, name, type, reason].join(" ")).sort();
  assert.deepEqual(told, [
    "shop-app api.example.org A name",
    "shop-web app.back.isc A opcode",
    "shop-web c2VjcmV0.api.example.org TXT longer",
    "shop-web db.back.isc A unreachable",
    "shop-web example.org A name",
  ]);
  await area.until(() => area.strangers === 1);
});

test("an outside name is answered once its addresses are open, and asked for again when they have ended", async () => {
  const opened: string[] = [];
  await using area = await Area.open({
    ask: async (asker, name) => {
      if (name === "broken.example.org") throw new Error("no firewall");
      await sleep(100);
      opened.push(`${asker} ${name}`);
      return { kind: "found", addresses: ["192.0.2.7", "2001:db8::7"], ttlSeconds: 1 };
    },
  });
  const both = await Promise.all([area.ask({ name: "API.example.org" }), area.ask({ name: "api.example.org", type: "AAAA" })]);
  assert.deepEqual(opened, ["shop-web api.example.org"]);
  assert.deepEqual(
    both.map(({ answers }) => answers[0]),
    [
      { name: "API.example.org", type: "A", ttl: 1, data: "192.0.2.7" },
      { name: "api.example.org", type: "AAAA", ttl: 1, data: "2001:db8::7" },
    ],
  );
  await area.ask({ name: "api.example.org" });
  assert.equal(opened.length, 1);
  await sleep(1_100);
  await area.ask({ name: "api.example.org" });
  assert.equal(opened.length, 2);
  assert.equal((await area.ask({ name: "broken.example.org" })).rcode, "SERVFAIL");
  await area.resolver.setPolicy(policy.map((asker) => ({ ...asker, outside: [] })));
  assert.equal((await area.ask({ name: "api.example.org" })).rcode, "REFUSED");
});

test("an answer that is too long for a datagram is there by TCP", async () => {
  await using area = await Area.open();
  const short = await area.ask({ name: "many.back.isc" });
  assert.deepEqual([short.truncated, short.answers.length], [true, 0]);
  const short4096 = await area.ask({ name: "many.back.isc", payloadBytes: 4_096 });
  assert.deepEqual([short4096.truncated, short4096.answers.length], [true, 0]);
  const whole = await area.ask({ name: "many.back.isc", kind: "tcp" });
  assert.deepEqual([whole.truncated, whole.answers.length], [false, many.length]);
  const whole6 = await area.ask({ name: "many.back.isc", kind: "tcp", source: web.source6, server: resolver6 });
  assert.equal(whole6.answers.length, many.length);
  assert.equal((await area.ask({ name: "app.back.isc", kind: "tcp", source: stranger.source })).rcode, undefined);
});

test("garbage is dropped and counted, and the next question answered", async () => {
  await using area = await Area.open();
  const before = area.resolver.pid;
  // A name that points to itself; counts without records; an answer; a question cut off in its name.
  const crooked = [
    "123401000001000000000000c00c00010001",
    "123401000001ffffffffffff00",
    "1234810000010000000000000161000001",
    "1234010000010000000000003f61",
  ];
  const raws = [...crooked, ...Array.from({ length: 20 }, (_, index) => randomBytes(index * 60).toString("hex"))];
  const garbage = area.start();
  for (const raw of raws) {
    const { rcode } = await Promise.race([garbage.ask({ raw }), sleep(50, { rcode: undefined })]);
    assert.ok(rcode === undefined || rcode !== "NOERROR", raw);
  }
  for (const raw of ["ffff", `0001${"00".repeat(7)}`]) await Promise.race([garbage.ask({ raw, kind: "tcp" }), sleep(50)]);
  assert.equal((await area.ask({ name: "app.back.isc" })).answers.length, 1);
  await area.untilTold((refused) => refused.some(({ reason }) => reason === "malformed"));
  assert.equal(area.resolver.pid, before);
});

test("a flood of one ISC leaves the questions of another answered", async () => {
  await using area = await Area.open();
  const quiet = await area.start().ask({ kind: "measure", name: "db.back.isc", source: app.source, count: 200, atOnce: 1 });
  const flood = area.start().ask({ kind: "flood", name: "app.back.isc", seconds: 3 });
  const holders = area.start();
  for (let connection = 0; connection < 20; connection++) await holders.ask({ kind: "hold" });
  await sleep(300);
  const loud = await area.start().ask({ kind: "measure", name: "db.back.isc", source: app.source, count: 200, atOnce: 1 });
  const byTcp = await area.ask({ name: "db.back.isc", kind: "tcp", source: app.source });
  const { sent } = await flood;
  console.log(
    `flood of ${sent} in 3 s: lost ${loud.lost}; p50 ${at(quiet, 0.5)} → ${at(loud, 0.5)} ms, p99 ${at(quiet, 0.99)} → ${at(loud, 0.99)} ms`,
  );
  assert.ok((loud.latencies?.length ?? 0) > 190);
  assert.equal(byTcp.answers.length, 1);
  await area.untilTold((refused) => refused.some(({ reason, asker }) => reason === "limited" && asker === "shop-web"));
});

test("it has no rights, sees nothing but its own network, comes back when killed and ends with its owner", async () => {
  await using area = await Area.open();
  const pid = area.resolver.pid;
  assert.ok(pid);
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) assert.match(status, new RegExp(`^${set}:\\s0{16}$`, "m"));
  assert.match(status, new RegExp(`^Uid:(\\s${resolverUid}){4}$`, "m"));
  assert.match(status, new RegExp(`^Gid:(\\s${resolverUid}){4}$`, "m"));
  assert.match(status, /^Groups:\s*$/m);
  assert.match(status, /^NoNewPrivs:\s1$/m);
  assert.notEqual(readlinkSync(`/proc/${pid}/ns/net`), readlinkSync("/proc/self/ns/net"));
  const links = readFileSync(`/proc/${pid}/net/dev`, "utf8").match(/^\s*\w+(?=:)/gm);
  assert.deepEqual(links?.map((name) => name.trim()).sort(), ["dns", "lo"]);

  process.kill(pid, "SIGKILL");
  await area.until(() => area.ends.length > 0);
  assert.deepEqual(area.ends, ["it ended with SIGKILL"]);
  await area.until(() => area.resolver.pid !== undefined);
  await area.resolver.setPolicy(policy);
  let again: Heard = { answers: [], tookMs: 0 };
  for (let attempt = 0; attempt < 5 && again.answers.length === 0; attempt++) again = await area.ask({ name: "app.back.isc" });
  assert.equal(again.answers.length, 1);

  const second = area.resolver.pid;
  assert.ok(second && second !== pid);
  await area.resolver.close();
  assert.throws(() => process.kill(second, 0), /ESRCH/);
  assert.equal(area.ends.length, 1);
});

test("it ends with the process that has started it, even when that is killed", async () => {
  using lab = new ResolverLab();
  const module = new URL("../../../src/host/resolver/resolver.ts", import.meta.url).href;
  const script = `
    const { startResolver } = await import(${JSON.stringify(module)});
    const place = { namespacePin: "${lab.pin}", addresses: ["${resolver4}"], uid: ${resolverUid}, gid: ${resolverUid} };
    const { pid } = await startResolver({ ...place, policy: [], ask: () => {}, onRefused() {}, onEnd() {} });
    process.stdout.write(String(pid));
    process.kill(process.pid, "SIGKILL");`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.match(stdout, /^\d+$/);
  for (let attempt = 0; attempt < 250 && isRunning(Number(stdout)); attempt++) await sleep(20);
  assert.ok(!isRunning(Number(stdout)));
});

test("nothing but answers leaves its network", () => {
  using lab = new ResolverLab();
  const send = (protocol: string, port: number) =>
    lab.inside(process.execPath, [
      "-e",
      `const { connect } = require("node:net"), { createSocket } = require("node:dgram");
       const end = (word) => { console.log(word); process.exit(0); };
       setTimeout(end, 500, "silence");
       if (${JSON.stringify(protocol)} === "tcp") connect({ host: "${web.source}", port: 9, localPort: ${port} }).on("error", (error) => end(error.code));
       else { const socket = createSocket("udp4").bind(${port}, () => socket.send("x", 9, "${web.source}", (error) => end(error?.code ?? "sent"))); }`,
    ]);
  assert.equal(send("udp", 5_353).trim(), "EPERM");
  assert.equal(send("udp", 53).trim(), "sent");
  // A refused connection would be answered at once.
  assert.equal(send("tcp", 5_353).trim(), "silence");
  assert.equal(send("tcp", 53).trim(), "silence");
});

test("a resolver that cannot listen says why", async () => {
  using lab = new ResolverLab();
  await assert.rejects(start(lab, { addresses: ["192.0.2.1"] }), /cannot start the resolver: .*EADDRNOTAVAIL/);
  await assert.rejects(start(lab, { namespacePin: "/run/netns/none-such" }), /cannot start the resolver: nsenter: .*none-such/);
});

test("questions a second, and how long one takes", async () => {
  await using area = await Area.open({ limits: { queriesPerSecond: 1_000_000, queriesAtOnce: 1_000_000 } });
  area.lab.inside("nft", ["delete", "table", "inet", "resolver"]);
  const asker = area.start();
  await asker.ask({ kind: "measure", name: "app.back.isc", count: 5_000, atOnce: 20 });
  const one = await asker.ask({ kind: "measure", name: "app.back.isc", count: 2_000, atOnce: 1 });
  const all = await asker.ask({ kind: "measure", name: "app.back.isc", count: 30_000, atOnce: 50 });
  console.log(`${Math.round(30_000 / (all.tookMs / 1_000))} questions/s; one: p50 ${at(one, 0.5)} ms, p99 ${at(one, 0.99)} ms`);
  assert.equal(one.lost, 0);
});

/** Whether a process is there and no zombie. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function at({ latencies = [] }: Heard, share: number): string {
  return (latencies[Math.floor(latencies.length * share)] ?? Number.NaN).toFixed(3);
}

function start(lab: ResolverLab, options: Partial<ResolverOptions>): Promise<Resolver> {
  return startResolver({
    namespacePin: lab.pin,
    addresses: [resolver4, resolver6],
    uid: resolverUid,
    gid: resolverUid,
    policy,
    ask: async () => ({ kind: "none" }),
    onRefused: () => undefined,
    onEnd: () => undefined,
    ...options,
  });
}

/** A program that asks as an ISC would. */
class Asker {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    assert(child.stdout);
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async ask(order: Partial<Order>): Promise<Heard> {
    const whole: Order = { kind: "udp", source: web.source, server: resolver4, name: "app.back.isc", type: "A", ...order };
    this.#child.stdin?.write(`${JSON.stringify(whole)}\n`);
    const { value } = await this.#lines.next();
    return JSON.parse(value);
  }
}

class Area implements AsyncDisposable {
  readonly lab = new ResolverLab();
  readonly refused: CountedRefusal[] = [];
  readonly ends: string[] = [];
  readonly asked: string[] = [];
  strangers = 0;
  #resolver: Resolver | undefined;

  static async open(options: Partial<ResolverOptions> = {}): Promise<Area> {
    const area = new Area();
    try {
      area.#resolver = await start(area.lab, {
        ask: async (asker, name) => {
          area.asked.push(`${asker} ${name}`);
          return { kind: "none" };
        },
        onRefused: (report) => area.#take(report),
        onEnd: (reason) => area.ends.push(reason),
        ...options,
      });
    } catch (error) {
      area.lab[Symbol.dispose]();
      throw error;
    }
    return area;
  }

  get resolver(): Resolver {
    assert(this.#resolver);
    return this.#resolver;
  }

  /** A program of its own, so several may ask at a time. */
  readonly ask = (order: Partial<Order>): Promise<Heard> => this.start().ask(order);

  start(): Asker {
    return new Asker(this.lab.startAsker("resolver-asker.ts"));
  }

  untilTold(isTold: (refused: readonly CountedRefusal[]) => boolean): Promise<void> {
    return this.until(() => isTold(this.refused));
  }

  async until(isSo: () => boolean): Promise<void> {
    for (let attempt = 0; attempt < 250 && !isSo(); attempt++) await sleep(20);
    assert.ok(isSo(), "it did not come to that within 5 s");
  }

  #take({ refused, strangers }: RefusalReport): void {
    this.refused.push(...refused);
    this.strangers += strangers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resolver?.close();
    this.lab[Symbol.dispose]();
  }
}
