import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { commandList } from "./command-list.ts";
import { fakeAnswers, scriptOf } from "./fake-answers.ts";
import { startFakeDock } from "./fake-dock.ts";
import { runFakeCli } from "./fake-io.ts";

const asText = { serializers: [(text: string) => text] };

test("help lists every command in its group, teaches by example and names the exit codes", async (context) => {
  const { stdout, exitCode } = await runFakeCli(["--help"]);
  assert.equal(exitCode, 0);
  context.assert.fileSnapshot(stdout, join(import.meta.dirname, "golden/help.txt"), asText);
  for (const words of [["-h"], ["help"], []]) assert.equal((await runFakeCli(words)).stdout, stdout);
});

test("help of a command shows usage, options and examples", async (context) => {
  const { stdout } = await runFakeCli(["help", "exec"]);
  context.assert.fileSnapshot(stdout, join(import.meta.dirname, "golden/help-exec.txt"), asText);
  assert.equal((await runFakeCli(["exec", "--help"])).stdout, stdout);
  for (const { name } of commandList) assert.match((await runFakeCli(["help", ...name.split(" ")])).stdout, /^Usage: iscadm/);
});

test("a mistake is one sentence, a hint and exit code 2", async () => {
  const mistakes: [string, string, string][] = [
    ["biuld web.yaml", 'unknown command "biuld"', "did you mean build? see iscadm help"],
    ["image sho web", 'unknown command "sho"', "did you mean show? see iscadm help image"],
    ["image", 'missing command after "image"', "one of ls, show, verify, rm, prune, export, import; see iscadm help image"],
    ["build web.yaml --no-cahce", 'unknown option "--no-cahce"', "did you mean --no-cache? see iscadm help build"],
    ["image ls --jsn", 'unknown option "--jsn"', "did you mean --json? see iscadm help image ls"],
    ["show", 'missing required argument "name"', "see iscadm help show"],
    ["show web db", 'too many arguments for "show". Expected 1 argument but got 2: web, db.', "see iscadm help show"],
    ["logs web --tail", 'option "--tail <lines>" argument missing', "see iscadm help logs"],
    ["logs web --tail ten", 'cannot understand --tail "ten"', "write a number of lines: --tail 100"],
    ["stop web --timeout soon", 'cannot understand the duration "soon"', "write a number and a unit: 500ms, 5s, 1m30s"],
    ["exec web -e A -- env", 'cannot understand the variable "A"', "write -e KEY=VALUE"],
    ["build missing.yaml", "cannot find the file missing.yaml", "nothing is at /missing.yaml"],
    [
      "ls --dock http://x",
      'cannot understand the dock "http://x"',
      "a dock is /run/isc/dock.sock, unix:/run/isc/dock.sock or ssh://user@host",
    ],
    ["clone web b --count 0", 'cannot understand --count "0"', "write a number from 1 to 4000: --count 20"],
    ["console web", "cannot open a console: there is no terminal", "iscadm exec runs a command without one"],
  ];
  for (const [line, sentence, hint] of mistakes) {
    const { exitCode, stdout, stderr } = await runFakeCli(line.split(" "));
    assert.deepEqual([exitCode, stdout, stderr], [2, "", `iscadm: ${sentence}\n  hint: ${hint} (USAGE)\n`], line);
  }
});

test("with --json a problem is a document on standard output", async () => {
  const { exitCode, stdout, stderr } = await runFakeCli(["--json", "show", "Web"]);
  assert.deepEqual([exitCode, stderr], [1, ""]);
  assert.equal(JSON.parse(stdout).problem.code, "NAME_INVALID");
  assert.equal(JSON.parse((await runFakeCli(["biuld", "--json"])).stdout).problem.hint, "did you mean build? see iscadm help");
});

test("a dock that is not there is exit code 4, and other users are told who may start it", async () => {
  const { exitCode, stderr } = await runFakeCli(["ls"], { environment: { ISC_RUN: "/nowhere" } });
  assert.deepEqual(
    [exitCode, stderr],
    [
      4,
      "iscadm: cannot reach the dock: there is no socket at /nowhere/dock.sock\n  hint: start it as root: iscadm dock start (DOCK_UNREACHABLE)\n",
    ],
  );
  assert.equal((await runFakeCli(["dock", "start"])).exitCode, 1);
  assert.equal((await runFakeCli(["dock", "status"], { isRoot: true, environment: { ISC_RUN: "/nowhere" } })).exitCode, 4);
  assert.equal((await runFakeCli(["ls", "--no-start"], { isRoot: true, environment: { ISC_RUN: "/nowhere" } })).exitCode, 4);
  const stopped = await runFakeCli(["dock", "stop"], { environment: { ISC_RUN: "/nowhere" } });
  assert.deepEqual([stopped.exitCode, stopped.stdout], [0, "the dock was not running\n"]);
});

test("verify without a failure is well, and in quiet says nothing", async () => {
  const findings = fakeAnswers.verify.findings.filter(({ verdict }) => verdict !== "FAIL");
  await using dock = await startFakeDock(scriptOf({ ...fakeAnswers, verify: { findings, tookMs: 3 } }));
  const { exitCode, stdout } = await runFakeCli(["verify"], dock);
  assert.equal(exitCode, 0);
  assert.match(stdout, /1 ISC verified in 3 ms: no drift, 1 passed, 1 skipped\n$/);
  assert.equal((await runFakeCli(["verify", "-q"], dock)).stdout, "");
});

test("quiet lists are names, one a line", async () => {
  await using dock = await startFakeDock(scriptOf());
  assert.equal((await runFakeCli(["ls", "-q"], dock)).stdout, "web\ndb\n");
  assert.equal((await runFakeCli(["image", "ls", "-q"], dock)).stdout, `${fakeAnswers.build.digest}\n`);
  assert.equal((await runFakeCli(["snapshots", "-q"], dock)).stdout, "db@before-upgrade\n");
});

test("a name that is taken is said before a blueprint is built", async () => {
  await using dock = await startFakeDock(scriptOf());
  const { exitCode, stderr } = await runFakeCli(["run", dock.socket, "--name", "db"], dock);
  assert.equal(exitCode, 1);
  assert.match(stderr, /cannot create db: there is already an ISC of this name\n {2}hint: .*iscadm destroy db \(NAME_TAKEN\)/);
  assert.deepEqual(dock.asked, [["list", {}]]);
});

test("the words of 2009 build the default blueprint for the numbered ISC", async () => {
  const { stderr } = await runFakeCli(["-c", "-i", "-n", "2"]);
  assert.match(stderr, /cannot find the file \/default\/nginx.yaml/);
});

test("progress goes to standard error in plain lines, with --json to standard output, and nowhere with --quiet", async () => {
  const progress = [
    { step: "packages", text: "installing nginx-light", index: 2, total: 6 },
    { step: "packages", text: "installing nginx-light", index: 2, total: 6, tookMs: 3_140 },
    { step: "base", text: "bookworm", cached: true },
  ];
  await using dock = await startFakeDock({ build: { progress, result: fakeAnswers.build } });
  const { stderr } = await runFakeCli(["build", dock.socket], dock);
  assert.equal(
    stderr,
    "[2/6] packages  installing nginx-light\n[2/6] packages  installing nginx-light  3.1 s\nbase  bookworm  already there\n",
  );
  const lines = (await runFakeCli(["build", dock.socket, "--json"], dock)).stdout.trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => Object.keys(JSON.parse(line))[0]),
    ["progress", "progress", "progress", "result"],
  );
  assert.deepEqual(await runFakeCli(["build", dock.socket, "-q"], dock), {
    exitCode: 0,
    stdout: `${fakeAnswers.build.digest}\n`,
    stderr: "",
  });
});

test("colours are for terminals, and NO_COLOR and --no-color take them away", async () => {
  await using dock = await startFakeDock(scriptOf());
  const hasColours = async (words: string[], environment: Record<string, string> = {}) =>
    (await runFakeCli(words, { socket: dock.socket, isTerminal: true, environment })).stdout.includes("\u001b[");
  assert.equal(await hasColours(["ls", "--no-color"]), false);
  assert.equal(await hasColours(["ls"], { NO_COLOR: "1" }), false);
  assert.equal(await hasColours(["ls"], { TERM: "dumb" }), false);
});

test("what nobody foresaw is called a bug, with its stack", async () => {
  await using dock = await startFakeDock({ list: { result: { iscs: 7 } } });
  const { exitCode, stderr } = await runFakeCli(["ls"], dock);
  assert.equal(exitCode, 1);
  assert.match(stderr, /^iscadm: this is a bug in iscadm: .*\n {4}at /);
});

test("an interrupt ends the request and the command, without a word", async () => {
  await using dock = await startFakeDock({ logs: { data: [{ stream: "stdout", bytes: "YQ==" }], stay: true } });
  const abort = new AbortController();
  const run = runFakeCli(["logs", "-f", "web"], { socket: dock.socket, signal: abort.signal });
  while (dock.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  setTimeout(() => abort.abort(new Error("SIGINT")), 20);
  assert.deepEqual(await run, { exitCode: 130, stdout: "a", stderr: "" });
});

test("on a terminal destroy asks first, unless it was told yes", async () => {
  await using dock = await startFakeDock(scriptOf());
  const terminal = { socket: dock.socket, isTerminal: true };
  const refused = await runFakeCli(["destroy", "web", "db"], { ...terminal, input: "n\n" });
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /destroy web, db, volumes and snapshots included\? \[y\/N\] /);
  assert.deepEqual(dock.asked, []);
  assert.equal((await runFakeCli(["destroy", "web"], { ...terminal, input: "y\n" })).exitCode, 0);
  assert.equal((await runFakeCli(["destroy", "web", "--yes"], terminal)).exitCode, 0);
  assert.equal(dock.asked.length, 2);
});
