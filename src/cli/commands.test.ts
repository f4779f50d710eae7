import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { Problem } from "../base/problem.ts";
import { type CommandEntry, commandList } from "./command-list.ts";
import { fakeAnswers, scriptOf } from "./fake-answers.ts";
import { startFakeDock } from "./fake-dock.ts";
import { fakeNowMs, runFakeCli } from "./fake-io.ts";

/** One call of every command, and what the dock must be asked by it. */
const calls: Readonly<Record<string, { words: string[]; asked: [string, unknown][]; exitCode?: number }>> = {
  build: { words: ["build", "web.yaml", "--no-cache"], asked: [["build", { blueprint: "DIR/web.yaml", noCache: true }]] },
  create: { words: ["create", "web2", "web"], asked: [["create", { name: "web2", image: "web" }]] },
  run: {
    words: ["run", "web.yaml", "--name", "web3"],
    asked: [
      ["list", {}],
      ["build", { blueprint: "DIR/web.yaml" }],
      ["create", { name: "web3", image: fakeAnswers.build.digest }],
      ["start", { names: ["web3"] }],
      ["list", {}],
    ],
  },
  up: { words: ["up", "web.yaml", "--no-cache"], asked: [["stack-up", { file: "DIR/web.yaml", noCache: true }]] },
  down: { words: ["down", "shop", "--volumes"], asked: [["stack-down", { stack: "shop", volumes: true }]] },
  diff: { words: ["diff", "web.yaml"], asked: [["stack-diff", { file: "DIR/web.yaml" }]], exitCode: 3 },
  stacks: { words: ["stacks"], asked: [["stacks", {}]] },
  "network show": { words: ["network", "show", "shop"], asked: [["stacks", {}]] },
  "network test": { words: ["network", "test", "shop"], asked: [["network-test", { stack: "shop" }]], exitCode: 3 },
  ls: { words: ["ls"], asked: [["list", {}]] },
  show: { words: ["show", "web"], asked: [["show", { name: "web" }]] },
  top: {
    words: ["top", "--once"],
    asked: [
      ["list", {}],
      ["show", { name: "web" }],
    ],
  },
  logs: { words: ["logs", "web", "--tail", "10"], asked: [["logs", { name: "web", tail: 10 }]] },
  events: {
    words: ["events", "web", "--severity", "alert", "--since", "10m"],
    asked: [["events", { name: "web", severity: "alert", sinceMs: fakeNowMs - 600_000 }]],
  },
  "ledger verify": { words: ["ledger", "verify"], asked: [["ledger-verify", {}]], exitCode: 3 },
  verify: { words: ["verify", "web", "--full"], asked: [["verify", { names: ["web"], full: true }]], exitCode: 3 },
  assess: { words: ["assess", "web"], asked: [["assess", { name: "web" }]] },
  start: { words: ["start", "web", "db", "web"], asked: [["start", { names: ["web", "db"] }]] },
  stop: { words: ["stop", "web", "--timeout", "1m30s"], asked: [["stop", { names: ["web"], timeoutMs: 90_000 }]] },
  restart: { words: ["restart", "web"], asked: [["restart", { names: ["web"] }]] },
  exec: {
    words: ["exec", "web", "-u", "www-data", "-e", "A=1", "-e", "B=x=y", "ls", "-l"],
    asked: [["exec", { name: "web", command: ["ls", "-l"], user: "www-data", environment: { A: "1", B: "x=y" } }]],
  },
  expose: {
    words: ["expose", "web", "80", "--at", "[::1]:8080"],
    asked: [["expose", { name: "web", exposure: { hostPort: 8080, address: "::1", port: 80, protocol: "tcp" } }]],
  },
  unexpose: { words: ["unexpose", "web", "53/udp"], asked: [["unexpose", { name: "web", hostPort: 53, protocol: "udp" }]] },
  "policy test": {
    words: ["policy", "test", "web", "--events", "/tmp/events.jsonl"],
    asked: [["policy-test", { name: "web", events: "/tmp/events.jsonl" }]],
  },
  "incident ls": { words: ["incident", "ls"], asked: [["incidents", {}]] },
  "incident show": { words: ["incident", "show", "web.4711"], asked: [["incident-show", { id: "web.4711" }]] },
  "incident export": {
    words: ["incident", "export", "web.4711", "/tmp/web.tar"],
    asked: [["incident-export", { id: "web.4711", file: "/tmp/web.tar" }]],
  },
  quarantine: {
    words: ["quarantine", "web", "--reason", "odd"],
    asked: [["quarantine", { names: ["web"], reason: "odd" }]],
  },
  release: { words: ["release", "web"], asked: [["release", { names: ["web"] }]] },
  destroy: { words: ["destroy", "web", "--shred"], asked: [["destroy", { names: ["web"], shred: true }]] },
  reset: { words: ["reset", "web", "--to", "good"], asked: [["reset", { names: ["web"], snapshot: "good" }]] },
  update: { words: ["update", "web", "--image", "web2", "--check"], asked: [["update", { name: "web", image: "web2", check: true }]] },
  cleanse: { words: ["cleanse", "web"], asked: [["cleanse", { names: ["web"] }]] },
  clone: {
    words: ["clone", "web@good", "webb", "--count", "2", "--start"],
    asked: [["clone", { source: "web@good", name: "webb", count: 2, start: true }]],
  },
  snapshot: { words: ["snapshot", "db@before-upgrade"], asked: [["snapshot", { name: "db", snapshot: "before-upgrade" }]] },
  snapshots: { words: ["snapshots", "db"], asked: [["snapshots", { name: "db" }]] },
  "snapshot-rm": { words: ["snapshot-rm", "db@before-upgrade"], asked: [["snapshot-remove", { name: "db", snapshot: "before-upgrade" }]] },
  rollback: { words: ["rollback", "db@before-upgrade"], asked: [["rollback", { name: "db", snapshot: "before-upgrade" }]] },
  "image ls": { words: ["image", "ls"], asked: [["images", {}]] },
  "image show": { words: ["image", "show", "web"], asked: [["image-show", { image: "web" }]] },
  "image verify": { words: ["image", "verify", "3f9a"], asked: [["image-verify", { image: "3f9a" }]] },
  "image rm": { words: ["image", "rm", "web"], asked: [["image-remove", { image: "web" }]] },
  "image prune": {
    words: ["image", "prune", "--older-than", "7d", "--dry-run"],
    asked: [["image-prune", { olderThanMs: 604_800_000, dryRun: true }]],
  },
  "image export": { words: ["image", "export", "web", "out.isc"], asked: [["image-export", { image: "web", file: "DIR/out.isc" }]] },
  "image import": { words: ["image", "import", "web.yaml"], asked: [["image-import", { file: "DIR/web.yaml" }]] },
  "dock start": { words: ["dock", "start"], asked: [["dock-status", {}]] },
  "dock stop": {
    words: ["dock", "stop"],
    asked: [
      ["dock-status", {}],
      ["dock-stop", {}],
    ],
  },
  "dock status": { words: ["dock", "status"], asked: [["dock-status", {}]] },
  version: { words: ["version"], asked: [["dock-status", {}]] },
};
/** They hold a terminal or a connection of their own: session.test.ts, main/iscadm.test.ts. */
const testedElsewhere = ["console", "dial"];
/** Beyond any process id that Linux gives: nothing of that number lives when dock stop looks. */
const deadProcess = 4_194_305;

for (const entry of commandList.filter(({ name }) => !testedElsewhere.includes(name))) {
  test(`${entry.name} asks the dock for what its words mean and prints a table`, async (context) => {
    const { stdout, stderr, exitCode, asked } = await runScripted(entry, []);
    assert.equal(exitCode, calls[entry.name]?.exitCode ?? 0, stderr);
    assert.deepEqual(asked, calls[entry.name]?.asked);
    context.assert.fileSnapshot(stdout, golden(`${entry.name.replace(" ", "-")}.txt`), { serializers: [(text) => text] });
  });

  test(`${entry.name} --json prints what programs can read`, async () => {
    const { stdout, exitCode } = await runScripted(entry, ["--json"]);
    assert.equal(exitCode, calls[entry.name]?.exitCode ?? 0);
    const { command } = await entry.load();
    if (command.jsonLines !== true) {
      assert.equal(typeof JSON.parse(stdout), "object");
      return;
    }
    const lines: object[] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.ok("result" in (lines.at(-1) ?? {}), stdout);
  });

  test(`${entry.name} passes the dock's problem on`, async () => {
    const problem = new Problem("NOT_ALLOWED", "cannot do that: only root may", { hint: "use sudo" });
    const script = Object.fromEntries(Object.keys(fakeAnswers).map((name) => [name, { problem }]));
    await using dock = await startFakeDock(script);
    const { exitCode, stderr } = await runFakeCli(await wordsOf(entry, dock.socket), {
      socket: dock.socket,
      workingDirectory: dirname(dock.socket),
    });
    if (entry.name === "version") assert.equal(exitCode, 0);
    else assert.deepEqual([exitCode, stderr], [1, "iscadm: cannot do that: only root may\n  hint: use sudo (NOT_ALLOWED)\n"]);
  });
}

test("every command is tried here or elsewhere", () => {
  assert.deepEqual(commandList.map(({ name }) => name).toSorted(), [...Object.keys(calls), ...testedElsewhere].toSorted());
});

test("every command teaches by two or three examples that call it", async () => {
  for (const { name, load } of commandList.filter(({ hidden }) => hidden !== true)) {
    const { examples } = (await load()).command;
    assert.ok(examples.length >= 2 && examples.length <= 4, name);
    assert.ok(
      examples.some(({ line }) => line.includes(`iscadm ${name}`)),
      name,
    );
  }
});

async function runScripted(entry: CommandEntry, more: readonly string[]) {
  const status = { ...fakeAnswers["dock-status"], ...(entry.name === "dock stop" ? { pid: deadProcess } : {}) };
  await using dock = await startFakeDock(scriptOf({ ...fakeAnswers, "dock-status": status }));
  const directory = dirname(dock.socket);
  const run = await runFakeCli([...more, ...(await wordsOf(entry, dock.socket))], { socket: dock.socket, workingDirectory: directory });
  const asked: unknown = JSON.parse(JSON.stringify(dock.asked).replaceAll(directory, "DIR"));
  return { ...run, stdout: run.stdout.replaceAll(directory, "DIR"), asked };
}

async function wordsOf(entry: CommandEntry, socket: string): Promise<string[]> {
  await writeFile(join(dirname(socket), "web.yaml"), "");
  return calls[entry.name]?.words ?? [];
}

function golden(name: string): string {
  return join(import.meta.dirname, "golden", name);
}
