/** The audit sensor on a real ISC: commands with arguments, refusals and attempts, sessions with who asked, each under the ISC's name. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { readDockSettings } from "../../src/dock/settings.ts";
import type { Event } from "../../src/model/event.ts";
import { identityOfSlot } from "../../src/model/identity.ts";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, readEvents, waitForEvent } from "./support/events.ts";
import { hasAudit, listAuditRules, setAuditEnabled } from "./support/kernel-audit.ts";
import { buildWeb } from "./support/web-blueprint.ts";

const [web, other] = ["web" as Name, "other" as Name];
/** The shell that makes the flood, and what it runs. */
const floodTotal = 1_501;

describe("the audit sensor", { skip: hasAudit() ? false : "the kernel's audit cannot be had here" }, () => {
  let dock: TestDock;

  before(async () => {
    dock = await TestDock.start();
    const image = await buildWeb(dock, []);
    for (const name of [web, other]) await dock.client.call("create", { name, image });
    await dock.client.call("start", { names: [web, other] });
  });

  after(async () => {
    const { identity } = readDockSettings(dock.environment);
    await dock[Symbol.asyncDispose]();
    assert.deepEqual(listAuditRules(identity), [], "rules of the dock are left in the kernel");
  });

  const run = (...command: string[]) => dock.client.call("exec", { name: web, command });
  const told = (kind: string, seq: number, also: (event: Event) => boolean = () => true, isc: Name = web) =>
    waitForEvent(dock, (event) => event.kind === kind && event.isc === isc && also(event), 10_000, seq);
  const pidsOf = async (name: Name): Promise<readonly number[]> => {
    const { summary } = await dock.client.call("show", { name });
    return summary.pid === undefined ? [] : [summary.pid];
  };

  test("what the service is started with is told", async () => {
    const event = await told("audit.command", 0, ({ facts }) => String(facts.program).endsWith("/nginx"));
    assert.ok(Number(event.facts.uid) < 65_536 && event.facts.outside === undefined);
    await told("audit.session", 0, ({ facts }) => facts.purpose === "start");
  });

  test("every process has the ISC's login id, and keeps it", async () => {
    const { identity } = readDockSettings(dock.environment);
    for (const [slot, name] of [web, other].entries()) {
      for (const pid of await pidsOf(name)) {
        assert.equal(Number(readFileSync(`/proc/${pid}/loginuid`, "utf8")), identityOfSlot(identity, slot + 1).loginUid);
      }
    }
  });

  test("a command run by the operator is told with its arguments, and the session with who asked", async () => {
    const seq = lastSeq(dock);
    await run("/bin/sh", "-c", "ls '/tmp/a b' \"$0\"; true", 'with "quotes"\nand a line');
    const command = await told("audit.command", seq, ({ facts }) => facts.program === "/usr/bin/ls");
    assert.deepEqual(command.facts.arguments, ["ls", "/tmp/a b", 'with "quotes"\nand a line']);
    assert.equal((await told("audit.command", seq, ({ facts }) => String(facts.program).endsWith("sh"))).technique, "T1059.004");
    const session = await told("audit.session", seq);
    assert.deepEqual([session.facts.purpose, session.facts.askerUid, session.facts.terminal], ["exec", 0, false]);
    assert.equal(session.facts.session, command.facts.session);
  });

  test("what is refused is told, with what and why", async () => {
    const seq = lastSeq(dock);
    await run("/bin/sh", "-c", "echo x > /etc/passwd; cp /bin/ls /tmp/x; chmod 755 /tmp/x; /tmp/x");
    const write = await told("audit.denied", seq, ({ facts }) => facts.error === "EROFS");
    assert.deepEqual(write.facts.paths, ["/etc/passwd"]);
    const exec = await told("audit.denied", seq, ({ facts }) => facts.call === "execve");
    assert.deepEqual([exec.facts.error, exec.technique], ["EACCES", "T1059"]);
    assert.match(exec.message, /\/tmp\/x/);
  });

  test("a call that the filter refuses is told as an attempt", async () => {
    const seq = lastSeq(dock);
    await run("/bin/sh", "-c", "mount -t tmpfs x /tmp; unshare -U true; true");
    const attempt = await told("audit.attempt", seq);
    assert.equal(attempt.technique, "T1611");
    assert.equal(attempt.severity, "alert");
    console.log(`# ${attempt.message}`);
  });

  test("a flood of one is dropped and counted, and hides nothing of another", async () => {
    const seq = lastSeq(dock);
    const flood = run("/bin/sh", "-c", `i=0; while [ $i -lt ${floodTotal - 1} ]; do /bin/true; i=$((i+1)); done`);
    await dock.client.call("exec", { name: other, command: ["/bin/echo", "still heard"] });
    await flood;
    await told("audit.command", seq, ({ facts }) => String(facts.arguments).includes("still heard"), other);
    const dropped = await told("audit.dropped", seq);
    assert.ok(Number(dropped.facts.count) > 0);
    // Told a batch after the other: the last of what was dropped may come after the rest.
    await waitForEvent(dock, () => sumFlood(seq) >= floodTotal, 10_000, seq);
    assert.equal(sumFlood(seq), floodTotal, "told and dropped are all that ran");
  });

  const sumFlood = (seq: number) =>
    readEvents(dock)
      .filter((event) => event.seq > seq && event.isc === web)
      .reduce((sum, { kind, facts }) => sum + (kind === "audit.command" ? 1 : kind === "audit.dropped" ? Number(facts.count) : 0), 0);

  test("a dock that comes back hears what runs on", async () => {
    await dock.kill();
    await dock.launch();
    const seq = lastSeq(dock);
    await run("/bin/echo", "after the restart");
    await told("audit.command", seq, ({ facts }) => String(facts.arguments).includes("after the restart"));
    const { findings } = await dock.client.call("verify", { names: [web] });
    const finding = findings.find(({ row }) => row === "audit.on");
    assert.equal(finding?.verdict, "PASS", finding?.evidence);
    console.log(`# ${finding?.evidence}`);
  });

  test("light audit needs no rule: sessions and what the filter refuses are told, what runs is not", async () => {
    await dock.quit();
    dock.configure("audit: light\nrespond: { mode: observe }");
    await dock.launch();
    assert.deepEqual(listAuditRules(readDockSettings(dock.environment).identity), []);
    const seq = lastSeq(dock);
    await run("/bin/sh", "-c", "unshare -U true; echo done");
    await told("audit.attempt", seq);
    await told("audit.session", seq);
    assert.ok(!readEvents(dock).some((event) => event.seq > seq && event.kind === "audit.command"));
    const { findings } = await dock.client.call("verify", { names: [web] });
    const finding = findings.find(({ row }) => row === "audit.on");
    assert.deepEqual([finding?.verdict, /light by dock\.yaml/.test(finding?.evidence ?? "")], ["PASS", true], finding?.evidence);
    await dock.quit();
    dock.configure("respond: { mode: observe }");
    await dock.launch();
  });

  test("how much slower audit makes a process that starts others (a figure, not a promise)", async () => {
    const loop = ["/bin/sh", "-c", "i=0; while [ $i -lt 400 ]; do /bin/true; i=$((i+1)); done"];
    const rate = async () => {
      const began = performance.now();
      await run(...loop);
      return Math.round(400_000 / (performance.now() - began));
    };
    const rates: { on: number[]; off: number[] } = { on: [], off: [] };
    for (let round = 0; round < 3; round += 1) {
      rates.on.push(await rate());
      setAuditEnabled(false);
      rates.off.push(await rate());
      setAuditEnabled(true);
    }
    console.log(`# execs a second with audit ${rates.on.join(", ")}; with audit disabled ${rates.off.join(", ")}`);
  });
});
