/** The exec gate on real ISCs: what is sealed and named runs, everything else is denied and told, whoever asks and however. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { OutputChunk } from "../../src/api/answers.ts";
import type { Event } from "../../src/model/event.ts";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, readEvents, waitForEvent } from "./support/events.ts";
import { buildWeb } from "./support/web-blueprint.ts";

const [open, tight, listed] = ["open" as Name, "tight" as Name, "listed" as Name];
const loader = process.arch === "arm64" ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
const killGate = fileURLToPath(new URL("./support/kill-gate.mjs", import.meta.url));
const memfdCreate = process.arch === "arm64" ? 279 : 319;

interface Ran {
  readonly exitCode: number;
  readonly output: string;
}

/** Runs a program over and over; prints microseconds for each. */
const perl = (program: string, count: number) => [
  "/usr/bin/perl",
  "-e",
  `sub now { open my $f, "<", "/proc/uptime"; (split / /, <$f>)[0] } my $t = now(); for (1 .. ${count}) { my $p = fork; exec { "${program}" } "${program}" or exit 1 unless $p; waitpid $p, 0 } printf "%d", (now() - $t) / ${count} * 1e6;`,
];

/** @returns how to put it back */
function replaceOnce(file: string, text: string, by: string): () => void {
  const at = readFileSync(file).indexOf(text);
  assert.ok(at > 0, "the image holds programs as they are");
  const write = (words: string) => {
    const fd = openSync(file, "r+");
    writeSync(fd, words, at);
    closeSync(fd);
  };
  write(by);
  return () => write(text.slice(0, by.length));
}

describe("the exec gate", () => {
  let dock: TestDock;
  const config = path.join(mkdtempSync(path.join(tmpdir(), "isc-config-")), "dock.yaml");

  before(async () => {
    // What the gate tells is to be seen, not acted upon.
    writeFileSync(config, "dock: 1\nrespond: { mode: observe }\nintegrity: { every: 1h }\n");
    dock = await TestDock.start({ environment: { NODE_OPTIONS: `--import=${killGate}`, ISC_CONFIG: config } });
    const images = {
      [open]: await buildWeb(dock, []),
      [tight]: await buildWeb(dock, ["rights: { execute: services }"]),
      [listed]: await buildWeb(dock, ["rights: { execute: [/usr/bin/perl, /bin/true] }"]),
    };
    for (const [name, image] of Object.entries(images)) await dock.client.call("create", { name, image });
    await dock.client.call("start", { names: Object.keys(images) });
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    rmSync(path.dirname(config), { recursive: true });
  });

  const run = async (name: Name, command: readonly string[], more: { readonly admin?: boolean } = {}): Promise<Ran> => {
    let output = "";
    const onData = (chunk: unknown) => {
      output += Buffer.from((chunk as OutputChunk).bytes, "base64").toString();
    };
    const { exitCode } = await dock.client.call("exec", { name, command: [...command], ...more }, { onData });
    return { exitCode, output };
  };
  /** Past the dock, as the host's root can. */
  const runBeside = (name: Name, command: readonly string[]): Ran => {
    const runtime = ["--root", `${dock.layout.runtimeState}/crun`, "--cgroup-manager=disabled", "exec", "--user=33:33", name, ...command];
    const { status, stdout, stderr } = spawnSync("crun", runtime, { encoding: "utf8" });
    return { exitCode: status ?? -1, output: stdout + stderr };
  };
  const told = (kind: string, isc: Name | undefined, seq: number, also: (event: Event) => boolean = () => true) =>
    waitForEvent(dock, (event) => event.kind === kind && (isc === undefined || event.isc === isc) && also(event), 10_000, seq);
  const denied = (isc: Name, path: RegExp, seq: number) => told("exec.denied", isc, seq, ({ facts }) => path.test(String(facts.path)));
  const toldOf = (isc: Name, seq: number) =>
    readEvents(dock).filter((event) => event.seq > seq && event.sensor === "exec" && event.isc === isc);
  /** Denied: an event of this very moment is not a repeat of an earlier one, which is told later. */
  const isDenied = async (name: Name, command: readonly string[]) => (await run(name, command)).output.includes("not permitted");

  test("every program of the image runs where nothing else is said", async () => {
    const seq = lastSeq(dock);
    assert.deepEqual(await run(open, ["/bin/sh", "-c", "env | grep -c ^PATH="]), { exitCode: 0, output: "1\n" });
    assert.deepEqual(await run(open, [loader, "/bin/true"]), { exitCode: 0, output: "" });
    assert.deepEqual(toldOf(open, seq), []);
  });

  test("verify names the gate as what exec.sealed rests on", async () => {
    const { findings } = await dock.client.call("verify", { names: [open, tight] });
    for (const finding of findings.filter(({ row }) => row === "exec.sealed")) {
      assert.equal(finding.verdict, "PASS");
      assert.match(finding.evidence, /exec gate is asked/);
    }
  });

  test("with services alone the shell of the image is denied, and told with who, where and what", async () => {
    const seq = lastSeq(dock);
    const { exitCode, output } = await run(tight, ["/bin/sh", "-c", "true", "an argument"]);
    assert.notEqual(exitCode, 0);
    assert.match(output, /Operation not permitted/);
    const event = await denied(tight, /\/dash$/, seq);
    assert.deepEqual([event.sensor, event.severity, event.technique], ["exec", "alert", "T1059.004"]);
    assert.deepEqual([event.facts.reason, event.facts.uid], ["not-named", 33]);
    assert.deepEqual(event.facts.command, ["/bin/sh", "-c", "true", "an argument"]);
    assert.equal((await run(tight, ["/usr/sbin/nginx", "-v"])).exitCode, 0);
  });

  test("process 1's own program is no way around the list", async () => {
    const seq = lastSeq(dock);
    assert.notEqual((await run(tight, ["/.isc/catatonit", "--", "/bin/sh", "-c", "true"])).exitCode, 0);
    assert.equal((await denied(tight, /catatonit/, seq)).facts.reason, "not-now");
  });

  test("a loader started as a program loads what may run, and nothing else", async () => {
    assert.equal((await run(tight, [loader, "/usr/sbin/nginx", "-v"])).exitCode, 0);
    const seq = lastSeq(dock);
    assert.notEqual((await run(tight, [loader, "/bin/cat", "/etc/hostname"])).exitCode, 0);
    const event = await denied(tight, /\/cat$/, seq);
    assert.deepEqual([event.facts.reason, event.technique], ["loaded", "T1620"]);
  });

  test("a list names what may run beside the services; a script counts as itself and its interpreter", async () => {
    assert.deepEqual(await run(listed, ["/usr/bin/perl", "-e", "print 1"]), { exitCode: 0, output: "1" });
    const seq = lastSeq(dock);
    assert.ok(await isDenied(listed, ["/bin/ls"]));
    await denied(listed, /\/ls$/, seq);
    // A script for sh, of the package debianutils.
    assert.ok(await isDenied(listed, ["/usr/bin/savelog"]));
    await denied(listed, /\/savelog$/, seq);
  });

  test("what is not on the image: memory, scratch, deleted files and descriptors, each refused by the layer that comes first", async () => {
    const seq = lastSeq(dock);
    const ask = async (words: string) =>
      (await run(open, ["/usr/bin/perl", "-e", `${words}; print $! + 0 ? (grep { $!{$_} } keys %!)[0] : "ran"`])).output;
    const copy = `system("cp /bin/true /tmp/x && chmod 755 /tmp/x"); $^F = 9; open my $f, "<", "/tmp/x"`;
    assert.equal(await ask(`my $name = "x"; syscall(${memfdCreate}, $name, 0)`), "EPERM", "seccomp");
    assert.equal(await ask(`${copy}; exec { "/tmp/x" } "x"`), "EACCES", "noexec");
    assert.equal(await ask(`${copy}; exec { "/proc/self/fd/" . fileno $f } "x"`), "EACCES", "noexec");
    assert.equal(await ask(`${copy}; unlink "/tmp/x"; exec { "/proc/self/fd/" . fileno $f } "x"`), "EACCES", "noexec");
    assert.match((await run(open, ["/bin/sh", "-c", `cp /bin/true /tmp/x; ${loader} /tmp/x 2>&1`])).output, /failed to map segment/);
    assert.deepEqual(toldOf(open, seq), [], "none of them came as far as the gate");
  });

  test("on scratch that the host's root has made executable the gate still denies", async () => {
    const { summary } = await dock.client.call("show", { name: open });
    await run(open, ["/bin/sh", "-c", "cp /bin/true /tmp/x; chmod 755 /tmp/x"]);
    const remount = (flag: string) =>
      spawnSync("mount", ["-N", `${summary.pid}`, "-n", "-o", `remount,bind,nosuid,nodev,${flag}`, "/tmp"], { encoding: "utf8" });
    const seq = lastSeq(dock);
    assert.equal(remount("exec").stderr, "");
    assert.ok(await isDenied(open, ["/tmp/x"]));
    remount("noexec");
    const event = await denied(open, /\/tmp\/x$/, seq);
    assert.deepEqual([event.facts.reason, event.technique], ["foreign", "T1105"]);
  });

  test("an operator's --admin session runs every program, with all it starts, for itself alone; and is recorded", async () => {
    const seq = lastSeq(dock);
    const session = run(tight, ["/bin/sh", "-c", "sleep 1; env true && echo done"], { admin: true });
    const event = await told("exec.admin", tight, seq);
    assert.deepEqual([event.severity, event.facts.askerUid, event.facts.gate], ["warning", 0, "in force"]);
    assert.ok(await isDenied(tight, ["/bin/ls"]));
    assert.deepEqual(await session, { exitCode: 0, output: "done\n" });
    assert.ok(await isDenied(tight, ["/bin/sh", "-c", "true"]));
  });

  test("a program whose content has changed below the mounted image does not run", async () => {
    const { record } = await dock.client.call("show", { name: open });
    const seq = lastSeq(dock);
    // Of nice's own help; nobody has run it yet.
    const undo = replaceOnce(dock.layout.image.erofs(record.image), "Run COMMAND with an adjusted niceness", "RUN");
    const { exitCode } = await run(open, ["/usr/bin/nice", "--version"]);
    // The dock's clock would not look for an hour: it is the denial that makes it read the image.
    const drift = await told("integrity.drift", open, seq, ({ facts }) => facts.row === "root.sealed");
    assert.match(drift.message, /is not the one that was signed|digest/);
    undo();
    assert.notEqual(exitCode, 0);
    const event = await denied(open, /\/nice$/, seq);
    assert.deepEqual([event.severity, event.facts.reason, event.technique], ["critical", "changed", "T1554"]);
  });

  test("a flood of denials is counted and hides no other ISC's", async () => {
    const seq = lastSeq(dock);
    const flood = run(listed, perl("/bin/cat", 2_000));
    assert.ok(await isDenied(tight, ["/usr/bin/sort"]));
    await denied(tight, /\/sort$/, seq);
    console.log(`# a denied exec takes ${(await flood).output} us`);
    // An interval and a look at its end.
    await sleep(12_000);
    const events = toldOf(listed, seq);
    assert.ok(events.length < 12, `${events.length} events`);
    assert.equal(
      events.reduce((sum, { facts }) => sum + Number(facts.count ?? 1), 0),
      2_000,
    );
  });

  test("a dock that starts again takes the gate up for what runs; while there is none the kernel allows", async () => {
    await dock.quit();
    await dock.launch();
    assert.ok(await isDenied(tight, ["/bin/ls"]));
    assert.match(runBeside(tight, ["/bin/ls", "/"]).output, /not permitted/);
    await dock.kill();
    assert.equal(runBeside(tight, ["/bin/true"]).exitCode, 0);
    await dock.launch();
    assert.match(runBeside(tight, ["/bin/ls", "/"]).output, /not permitted/);
  });

  test("a gate whose thread ends lets go at once, is told and comes back", async () => {
    const seq = lastSeq(dock);
    process.kill(dock.pid, "SIGUSR2");
    await sleep(100);
    // Asked of a thread that is about to end: the kernel answers for it.
    assert.equal((await run(tight, ["/bin/ls", "/"])).exitCode, 0);
    await told("sensor.missing", undefined, seq, ({ facts }) => facts.sensor === "exec");
    await told("sensor.restored", undefined, seq, ({ facts }) => facts.sensor === "exec");
    assert.ok(await isDenied(tight, ["/bin/ls"]));
  });

  test("what it costs", async () => {
    const measure = async (way: () => Promise<Ran> | Ran) => {
      const rounds: number[] = [];
      for (let round = 0; round < 3; round++) rounds.push(Number((await way()).output));
      return Math.min(...rounds);
    };
    const withGate = await measure(() => runBeside(listed, perl("/bin/true", 500)));
    await dock.kill();
    const without = await measure(() => runBeside(listed, perl("/bin/true", 500)));
    await dock.launch();
    const rate = (us: number) => Math.round(1_000_000 / us);
    console.log(
      `# fork, exec and wait of true: ${withGate} us with the gate (${rate(withGate)}/s), ${without} us without (${rate(without)}/s)`,
    );
  });
});
