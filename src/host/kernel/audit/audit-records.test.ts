import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { AuditAssembly } from "./audit-assembly.ts";
import type { AuditEvent } from "./audit-event.ts";
import { AuditLimits } from "./audit-limits.ts";
import { joinArguments, parseAuditRecord, textField } from "./audit-record.ts";
import { type AuditRule, encodeAuditRule, keyOfRule, parseAuditStatus } from "./audit-wire.ts";
import { nameOfSyscall } from "./syscalls.ts";

/** Of Linux 6.18: one record a line, its type before it. */
const sample = readFileSync(new URL("./samples/linux-6.18.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "");

function readSample(): readonly AuditEvent[] {
  const assembly = new AuditAssembly();
  return sample.flatMap((line) => {
    const at = line.indexOf(" ");
    const record = parseAuditRecord(Number(line.slice(0, at)), line.slice(at + 1));
    assert(record, line);
    return assembly.add(record) ?? [];
  });
}

test("captured records become what was run, refused and tried, with arguments decoded", () => {
  const events = readSample();
  assert.deepEqual(
    events.map(({ kind, call, succeeded, errno }) => [kind, call, succeeded, errno]),
    [
      ["login", "login", true, 0],
      ["call", "execve", false, 2],
      ["call", "execve", true, 0],
      ["call", "openat", false, 30],
      ["seccomp", "unshare", false, 0],
    ],
  );
  const [login, , run, write, tried] = events;
  assert.equal(login?.loginUid, 4_038_139_909);
  assert.equal(login?.session, 3);
  assert.deepEqual(run?.arguments, ["ls", "-d", "/etc/a b", "/tmp"]);
  assert.deepEqual([run?.program, run?.pid, run?.parentPid, run?.uid, run?.session], ["/usr/bin/ls", 4278, 4277, 1234, 3]);
  assert.deepEqual([run?.directory, run?.key], ["/work dir", "isc:test"]);
  assert.deepEqual(write?.paths, ["/etc/passwd"]);
  assert.deepEqual([tried?.program, tried?.loginUid], ["/usr/bin/unshare", 4_044_816_385]);
});

const execve = (text: string) => {
  const record = parseAuditRecord(1309, `audit(1.000:1): ${text}`);
  assert(record);
  return record;
};

test("an argument in pieces, over several records and cut within a character, is joined", () => {
  const hex = Buffer.from("größe x").toString("hex").toUpperCase();
  const pieces = [execve(`argc=2 a0="a" a1_len=18 a1[0]=${hex.slice(0, 6)}`), execve(`a1[1]=${hex.slice(6)}`)];
  assert.deepEqual(joinArguments(pieces), ["a", "größe x"]);
  assert.deepEqual(joinArguments([execve('argc=2 a0="a" a1_len=4 a1[0]="bc" a1[1]="de"')]), ["a", "bcde"]);
});

test("what an intruder writes into an argument cannot pass for a field of the kernel", () => {
  const forged = execve(`argc=1 a0=${Buffer.from('x" auid=0 argc=9').toString("hex")}`);
  assert.deepEqual(joinArguments([forged]), ['x" auid=0 argc=9']);
  const twice = parseAuditRecord(1300, 'audit(1.000:1): auid=7 comm="x" auid=0');
  assert.equal(twice && textField(twice, "auid"), "7");
});

test("any argument that the kernel would quote or write in hexadecimal comes back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (word) => {
      const isPlain = /^[!#-~]*$/.test(word);
      const written = isPlain ? `"${word}"` : Buffer.from(word).toString("hex").toUpperCase();
      assert.deepEqual(joinArguments([execve(`argc=1 a0=${written}`)]), [word]);
    }),
  );
});

test("no text is too odd to be read", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const record = parseAuditRecord(1300, `audit(1.000:1): ${text}`);
      assert(record);
      new AuditAssembly().add(record);
      assert.equal(parseAuditRecord(1300, text)?.serial, undefined);
    }),
  );
});

const rule: AuditRule = {
  syscalls: ["execve", "execveat", "no-such-call"],
  fields: [
    { name: "auid", is: ">=", value: 0xf000_0000 },
    { name: "exit", is: "=", value: -13 },
    { name: "key", is: "=", value: "isc:0b12" },
  ],
};

test("a rule is packed as the kernel lists it, its key found again", () => {
  const packed = encodeAuditRule(rule, "x64");
  assert.equal(packed.length, 1_040 + 8);
  assert.equal(packed.readUInt32LE(8), 4);
  // execve is 59, execveat 322.
  assert.equal(packed.readUInt32LE(12 + 4), 1 << 27);
  assert.equal(packed.readUInt32LE(12 + 40), 4);
  assert.equal(keyOfRule(packed), "isc:0b12");
  assert.equal(keyOfRule(encodeAuditRule({ ...rule, fields: rule.fields.slice(0, 2) }, "arm64")), undefined);
  assert.equal(keyOfRule(Buffer.alloc(8)), undefined);
  assert.throws(() => encodeAuditRule(rule, "mips"), /mips/);
});

test("the state of audit is read from whatever length the kernel gives", () => {
  const status = Buffer.alloc(44);
  status.writeUInt32LE(2, 4);
  status.writeUInt32LE(77, 12);
  status.writeUInt32LE(64, 20);
  status.writeUInt32LE(5, 24);
  assert.deepEqual(parseAuditStatus(status), { enabled: true, locked: true, pid: 77, backlogLimit: 64, lost: 5 });
  assert.deepEqual(parseAuditStatus(Buffer.alloc(8)), { enabled: false, locked: false, pid: 0, backlogLimit: 0, lost: 0 });
});

test("system calls have their names on both machines", () => {
  assert.deepEqual([nameOfSyscall("c000003e", 59), nameOfSyscall("c00000b7", 221)], ["execve", "execve"]);
  assert.deepEqual([nameOfSyscall("c000003e", 4_000), nameOfSyscall("40000003", 11)], ["call 4000", "call 11 of another architecture"]);
});

const event = (change: Partial<AuditEvent> = {}): AuditEvent => ({
  kind: "call",
  serial: 1,
  timeMs: 0,
  loginUid: 1,
  uid: 1,
  pid: 1,
  session: 1,
  call: "execve",
  succeeded: true,
  errno: 0,
  program: "/bin/true",
  processName: "true",
  arguments: [],
  paths: [],
  ...change,
});

test("one that makes too much is cut off and counted; another, and its own refusals, are not", () => {
  const limits = new AuditLimits({ burst: 10, perSecond: 2, sameMs: 1_000 });
  const passed = Array.from({ length: 100 }, () => limits.pass("1", event(), 0)).filter((one) => one !== undefined);
  assert.equal(passed.length, 10);
  assert(limits.pass("2", event(), 0));
  assert(limits.pass("1", event({ call: "openat", succeeded: false, errno: 13 }), 0));
  assert.deepEqual(limits.takeDropped(), { 1: 90 });
  assert.deepEqual(limits.takeDropped(), {});
  assert(limits.pass("1", event(), 500), "a token has come back");
  assert.equal(limits.pass("1", event(), 500), undefined);
});

test("an equal refusal is counted until its time is over", () => {
  const limits = new AuditLimits({ burst: 10, perSecond: 2, sameMs: 1_000 });
  const refused = (path: string, nowMs: number) =>
    limits.pass("1", event({ call: "openat", succeeded: false, errno: 13, paths: [path] }), nowMs);
  assert(refused("/a", 0));
  assert.equal(refused("/a", 10), undefined);
  assert(refused("/b", 20));
  assert.equal(refused("/a", 30), undefined);
  assert.deepEqual(limits.repeated(999), []);
  assert.deepEqual(
    limits.repeated(2_000).map(({ count, event: { paths } }) => [paths[0], count]),
    [["/a", 2]],
  );
  assert(!limits.isWaiting);
  assert(limits.pass("1", event({ kind: "login", call: "login" }), 0) && limits.pass("1", event({ kind: "login", call: "login" }), 0));
});
