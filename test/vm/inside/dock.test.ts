/** The dock on Debian's kernel: cgroup v2 alone, device mapper, fs-verity, and modules that are loaded by need. Tests build on each other. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Problem } from "../../../src/base/problem.ts";
import type { Event } from "../../../src/model/event.ts";
import type { Name } from "../../../src/model/name.ts";
import { TestDock } from "../../system/support/dock.ts";
import { lastSeq, waitForEvent } from "../../system/support/events.ts";
import { httpGet } from "../../system/support/http-get.ts";
import { damageOnDisk } from "./damage-on-disk.ts";

const carried = "/var/tmp";
const web = "web" as Name;
const launcher = fileURLToPath(new URL("../../../bin/iscadm-dock", import.meta.url));
const page = "http://127.0.0.1:8080/";
const mebibyte = 1024 * 1024;
/** An emulated processor on a busy machine needs a minute for what takes a second elsewhere. */
const patienceMs = 240_000;

let dock: TestDock;
let digest: string;
let before: Readonly<Record<string, unknown>>;

test("a kernel without netfilter is told in one sentence", () => {
  withoutModuleLoading(() => assertRefusal(/^iscadm-dock: cannot use nftables: .*\n {2}hint: .*nf_tables.*\n$/));
});

test("so is a kernel with netfilter, but without nf_tables", () => {
  execFileSync("modprobe", ["nfnetlink"]);
  withoutModuleLoading(() => assertRefusal(/^iscadm-dock: cannot use nftables: .*\n {2}hint: .*nf_tables.*\n$/));
});

test("the dock starts, and loads what it needs", async () => {
  before = listKernelObjects();
  dock = await TestDock.start({ startTimeoutMs: patienceMs, environment: { NODE_OPTIONS: process.env.NODE_OPTIONS ?? "" } });
});

test("status finds cgroup v2, dm-crypt and fs-verity", async (context) => {
  const { capabilities, rests } = await dock.client.call("dock-status", {});
  for (const { name, present, detail } of capabilities) context.diagnostic(`${name}: ${present ? "yes" : "no"}, ${detail}`);
  for (const { row, on } of rests) context.diagnostic(`${row} rests on ${on}`);
  const detailOf = (name: string) => {
    const found = capabilities.find((capability) => capability.name === name);
    assert.ok(found?.present, `${name}: ${found?.detail}`);
    return found.detail;
  };
  assert.equal(detailOf("cgroups"), "v2");
  for (const name of ["cgroup-memory", "cgroup-cpu", "cgroup-pids", "dm-crypt", "fs-verity", "nftables", "erofs"]) detailOf(name);
});

test("an image from another host is taken in, and enforced by fs-verity", async () => {
  copyFileSync(`${carried}/key.pem`, `${dock.layout.trustedKeys}/other-host.pem`);
  digest = (await dock.client.call("image-import", { file: `${carried}/web.isc` })).digest;
  const measured = execFileSync("fsverity", ["measure", imageFile()], { encoding: "utf8" });
  assert.equal(measured.split(" ")[0], digest);
  assert.throws(() => writeFileSync(imageFile(), "x"), { code: "EPERM" });
});

test("nginx runs and answers through its exposed port", async () => {
  await dock.client.call("create", { name: web, image: digest });
  await dock.client.call("start", { names: [web] });
  assert.equal((await httpGet(page, patienceMs))?.status, 200);
});

test("its limits are in force in cgroup v2", async () => {
  const group = readFileSync(`/proc/${await pidOf(web)}/cgroup`, "utf8")
    .trim()
    .slice("0::".length);
  assert.equal(group, `/isc-${dock.tag}/web`);
  const inForce = ["memory.max", "cpu.max", "pids.max"].map((file) => readFileSync(`/sys/fs/cgroup${group}/${file}`, "utf8").trim());
  assert.deepEqual(inForce, [String(128 * mebibyte), "50000 100000", "32"]);
});

test("its scratch lies on dm-crypt", () => {
  const table = execFileSync("dmsetup", ["table", "--target", "crypt"], { encoding: "utf8" });
  assert.match(table, /^isc-[0-9a-f]{16}: 0 \d+ crypt aes-xts-plain64 /m);
});

test("verify answers every row, and none fails", async (context) => {
  await assertVerified(context);
});

test("a command inside is under the same limits", async () => {
  const { exitCode, output } = await run(["/bin/sh", "-c", "cat /proc/self/cgroup; touch /etc/x; touch /tmp/x && echo wrote"]);
  assert.equal(exitCode, 0, output);
  assert.match(output, /^0::\/$/m);
  assert.match(output, /Read-only file system/);
  assert.match(output, /^wrote$/m);
});

test("reset gives it new processes and empty scratch", async () => {
  const before = await pidOf(web);
  await dock.client.call("reset", { names: [web] });
  assert.notEqual(await pidOf(web), before);
  assert.equal((await httpGet(page, patienceMs))?.status, 200);
  assert.equal(existsSync(`/proc/${await pidOf(web)}/root/tmp/x`), false);
});

test("what is not of its image does not run, even on scratch that was made executable", async () => {
  const seq = lastSeq(dock);
  await run(["/bin/sh", "-c", "cp /bin/true /tmp/x; chmod 755 /tmp/x"]);
  await remountTemporary("exec");
  assert.notEqual((await run(["/tmp/x"])).exitCode, 0);
  await remountTemporary("noexec");
  const event = await told("exec.denied", seq);
  assert.deepEqual([event.facts.path, event.facts.reason], ["/tmp/x", "foreign"]);
});

test("a process killed for memory is told, with how many", async () => {
  const seq = lastSeq(dock);
  await run(["/bin/sh", "-c", "a=0123456789abcdef; while :; do a=$a$a; done"]);
  assert.ok(Number((await told("pressure.oom", seq)).facts.killed) >= 1);
});

test("in quarantine it is frozen and answers nobody, also after kill -9 of the dock; released it serves on", async () => {
  const pid = await pidOf(web);
  await dock.client.call("quarantine", { names: [web], reason: "a test" });
  const isFrozen = () => /^frozen 1$/m.test(readFileSync(`/sys/fs/cgroup/isc-${dock.tag}/web/cgroup.events`, "utf8"));
  assert.ok(isFrozen());
  assert.equal(await httpGet(page, 1_000), undefined);
  await dock.kill();
  await dock.launch();
  assert.ok(isFrozen());
  await dock.client.call("release", { names: [web] });
  assert.ok(!isFrozen());
  assert.equal((await httpGet(page, patienceMs))?.status, 200);
  assert.equal(await pidOf(web), pid);
});

test("cleansed, a fresh instance serves, and no request is lost", async () => {
  const pid = await pidOf(web);
  const answers: (number | undefined)[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) answers.push((await httpGet(page, patienceMs))?.status);
  })();
  const { iscs } = await dock.client.call("cleanse", { names: [web] });
  isOver = true;
  await asking;
  assert.equal(iscs[0]?.gapMs, 0);
  assert.ok(answers.length > 0 && answers.every((status) => status === 200), answers.join(" "));
  assert.notEqual(await pidOf(web), pid);
});

test("what changes it from outside is found, and it is reset by itself", async () => {
  await dock.quit();
  dock.configure("integrity: { every: 2s }");
  await dock.launch();
  const seq = lastSeq(dock);
  const pid = await pidOf(web);
  await remountTemporary("exec");
  const done = await told("response.done", seq);
  assert.equal(done.facts.action, "reset");
  assert.notEqual(await pidOf(web), pid);
  assert.equal((await httpGet(page, patienceMs))?.status, 200);
  // From the next start on.
  dock.configure("respond: { mode: observe }");
});

test("it runs on while the dock is away, and is found again by one that prefers runc", async () => {
  const before = await pidOf(web);
  await dock.kill();
  assert.equal((await httpGet(page, patienceMs))?.status, 200);
  await dock.launch({ ISC_RUNTIME: "runc" });
  assert.equal(await pidOf(web), before);
});

test("destroyed, it leaves no mapping and no cgroup", async () => {
  await dock.client.call("destroy", { names: [web] });
  assert.equal(execFileSync("dmsetup", ["ls"], { encoding: "utf8" }).trim(), "No devices found");
  assert.equal(existsSync(`/sys/fs/cgroup/isc-${dock.tag}/web`), false);
});

test("the same under runc", async (context) => {
  await dock.client.call("create", { name: web, image: digest });
  await dock.client.call("start", { names: [web] });
  assert.equal((await httpGet(page, patienceMs))?.status, 200);
  await assertVerified(context);
  await dock.client.call("destroy", { names: [web] });
});

test("a byte flipped on the disk below a running ISC is refused by the kernel, and found", async () => {
  await dock.client.call("create", { name: web, image: digest });
  await dock.client.call("start", { names: [web] });
  damageOnDisk(imageFile());
  assert.throws(() => readFileSync(imageFile()), { code: "EIO" });
  const { findings } = await dock.client.call("verify", { names: [web], full: true });
  const failed = findings.filter(({ verdict }) => verdict === "FAIL");
  assert.deepEqual(
    failed.map(({ row }) => row),
    ["root.sealed"],
  );
  assert.match(failed[0]?.evidence ?? "", /EIO/);
});

test("from then on nothing starts from that image", async () => {
  const isTampered = (error: unknown) => error instanceof Problem && error.code === "IMAGE_TAMPERED";
  await assert.rejects(dock.client.call("reset", { names: [web] }), isTampered);
  await assert.rejects(dock.client.call("image-verify", { image: digest }), isTampered);
  await dock.client.call("destroy", { names: [web] });
  await assert.rejects(dock.client.call("create", { name: web, image: digest }), isTampered);
});

test("at the end nothing of the dock is left on the machine", async () => {
  await dock[Symbol.asyncDispose]();
  assert.deepEqual(listKernelObjects(), before);
});

/** What the whole machine has, since all of it is the dock's here. */
function listKernelObjects(): Readonly<Record<string, unknown>> {
  const lines = (program: string, ...words: readonly string[]) => execFileSync(program, words, { encoding: "utf8" }).split("\n").sort();
  return {
    mappings: lines("dmsetup", "ls"),
    loops: lines("losetup", "--list", "--noheadings", "--output=BACK-FILE"),
    links: lines("ip", "-brief", "link"),
    rules: lines("nft", "list", "ruleset"),
    mounts: lines("findmnt", "--noheadings", "--list", "--output=TARGET"),
    cgroups: lines("find", "/sys/fs/cgroup", "-type", "d"),
    namespaces: ["mnt", "net", "user", "pid", "cgroup", "ipc", "uts"].map((type) => [
      type,
      lines("lsns", "--noheadings", "--output=NS", `--type=${type}`),
    ]),
  };
}

/** What is not loaded stays out, as if the kernel had been built without. */
function withoutModuleLoading(run: () => void): void {
  const loader = "/proc/sys/kernel/modprobe";
  const usual = readFileSync(loader, "utf8");
  writeFileSync(loader, "/bin/false");
  try {
    run();
  } finally {
    writeFileSync(loader, usual);
  }
}

function assertRefusal(words: RegExp): void {
  const { status, stderr } = spawnSync(launcher, { encoding: "utf8", timeout: patienceMs });
  assert.match(stderr, words);
  assert.equal(status, 1);
}

function imageFile(): string {
  return `${dock.layout.images}/${digest.slice("sha256:".length)}/image.erofs`;
}

async function run(command: readonly string[]): Promise<{ readonly exitCode: number; readonly output: string }> {
  const chunks: Buffer[] = [];
  const onData = (data: unknown) => void chunks.push(Buffer.from((data as { readonly bytes: string }).bytes, "base64"));
  const { exitCode } = await dock.client.call("exec", { name: web, command: [...command] }, { onData });
  return { exitCode, output: Buffer.concat(chunks).toString("utf8") };
}

function told(kind: string, seq: number): Promise<Event> {
  return waitForEvent(dock, (event) => event.kind === kind && event.isc === web, patienceMs, seq);
}

/** By the host's root: nobody inside could. */
async function remountTemporary(flag: "exec" | "noexec"): Promise<void> {
  execFileSync("mount", ["-N", String(await pidOf(web)), "-n", "-o", `remount,bind,nosuid,nodev,${flag}`, "/tmp"]);
}

async function pidOf(name: Name): Promise<number> {
  const found = (await dock.client.call("list", {})).iscs.find((isc) => isc.name === name);
  assert.ok(found?.pid, `${name} runs`);
  return found.pid;
}

async function assertVerified(context: { diagnostic(words: string): void }): Promise<void> {
  const { findings } = await dock.client.call("verify", { names: [web], full: false });
  for (const { row, verdict, evidence } of findings) context.diagnostic(`${verdict} ${row}: ${evidence}`);
  assert.ok(findings.length > 20);
  assert.deepEqual(
    findings.filter(({ verdict }) => verdict === "FAIL"),
    [],
  );
}
