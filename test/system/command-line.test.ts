/** bin/iscadm as a script sees it: exit code, what is on standard output, what on standard error. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { blueprintPath } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { freeHostPort } from "./support/free-port.ts";
import { assertOneSentence, lookAtDock } from "./support/refusal.ts";

const program = fileURLToPath(new URL("../../bin/iscadm", import.meta.url));

interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One document, or a document in each line. */
function isJson(output: string): boolean {
  const isDocument = (document: string) => {
    try {
      return typeof JSON.parse(document) === "object";
    } catch {
      return false;
    }
  };
  return isDocument(output) || output.trimEnd().split("\n").every(isDocument);
}

describe("the command line", () => {
  let dock: TestDock;

  before(async () => {
    dock = await TestDock.start();
  });

  after(() => dock[Symbol.asyncDispose]());

  const runWith = async (environment: Readonly<Record<string, string>>, words: readonly string[]): Promise<Run> => {
    const env = { PATH: process.env.PATH, ...environment };
    const child = spawn(program, words, { env, stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    return { exitCode, stdout, stderr };
  };
  const run = (...words: readonly string[]) => runWith(dock.environment, words);
  /** In words: nothing on standard output, sentence, hint and code on standard error. With --json: the same as one document on standard output. */
  const assertRefusal = async (
    how: typeof run,
    words: readonly string[],
    refusal: { exitCode: number; code: string; message: RegExp; hint?: RegExp },
  ) => {
    const { exitCode, code, message, hint = /./ } = refusal;
    const plain = await how(...words);
    assert.equal(plain.exitCode, exitCode, plain.stderr);
    assert.equal(plain.stdout, "");
    const [sentence = "", ...rest] = plain.stderr.trimEnd().split("\n");
    assert.match(sentence, /^iscadm: /);
    assertOneSentence(sentence);
    assert.match(sentence.slice("iscadm: ".length), message);
    assert.match(rest.at(-1) ?? "", new RegExp(`^  hint: .*\\(${code}\\)$`));
    assert.match(rest.at(-1) ?? "", hint);
    const json = await how(...words, "--json");
    assert.equal(json.exitCode, exitCode);
    assert.equal(json.stderr, "");
    const { problem } = JSON.parse(json.stdout.trimEnd().split("\n").at(-1) ?? "");
    assert.deepEqual([problem.code, problem.message], [code, sentence.slice("iscadm: ".length)]);
  };

  test("0: what went well is said on standard output alone, as text or as one JSON document", async () => {
    const built = await run("build", blueprintPath("static"), "--json");
    assert.equal(built.exitCode, 0, built.stderr);
    assert.equal(built.stderr, "");
    const lines = built.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.ok(
      lines.slice(0, -1).every((line) => line.progress),
      "progress is lines of its own",
    );
    const { digest } = lines.at(-1).result;
    assert.match(digest, /^sha256:[0-9a-f]{64}$/);
    const plain = await run("build", blueprintPath("static"));
    assert.deepEqual([plain.exitCode, plain.stdout.includes(digest.slice(7, 19))], [0, true]);
    assert.notEqual(plain.stderr, "", "progress is no part of the answer");
    const port = await freeHostPort();
    const made = await run("create", "web", digest, "--json");
    assert.equal(made.exitCode, 0, made.stdout);
    const { record } = await dock.client.call("show", { name: "web" as never });
    for (const { hostPort } of record.exposures) assert.equal((await run("unexpose", "web", String(hostPort))).exitCode, 0);
    for (const words of [
      ["expose", "web", "80", "--at", String(port)],
      ["start", "web"],
      ["ls"],
      ["show", "web"],
      ["image", "ls"],
      ["dock", "status"],
    ]) {
      const { exitCode, stdout, stderr } = await run(...words, "--json");
      assert.deepEqual([exitCode, stderr], [0, ""], words.join(" "));
      assert.ok(isJson(stdout), stdout);
    }
    assert.equal(JSON.parse((await run("ls", "--json")).stdout).iscs[0].status, "running");
  });

  test("0: help and version need no dock, and nothing wrong is said", async () => {
    const nowhere = { ISC_ROOT: "/var/tmp/isc-test-nowhere/root", ISC_RUN: "/var/tmp/isc-test-nowhere/run" };
    for (const words of [[], ["help"], ["--help"], ["verify", "--help"], ["--version"]]) {
      const { exitCode, stdout, stderr } = await runWith(nowhere, words);
      assert.deepEqual([exitCode, stderr, stdout === ""], [0, "", false], words.join(" "));
    }
    assert.equal(existsSync("/var/tmp/isc-test-nowhere"), false);
  });

  test("1: a problem, and nothing has changed", async () => {
    const earlier = await lookAtDock(dock);
    await using server = createServer().listen(0, "0.0.0.0");
    await once(server, "listening");
    const address = server.address();
    const taken = String(typeof address === "object" && address ? address.port : 0);
    const refuses = (words: readonly string[], code: string, message: RegExp, hint?: RegExp) =>
      assertRefusal(run, words, { exitCode: 1, code, message, ...(hint && { hint }) });
    await refuses(["start", "wbe"], "ISC_UNKNOWN", /^there is no ISC named wbe$/, /did you mean web\?/);
    await refuses(["create", "web", "static"], "NAME_TAKEN", /^cannot create web: there is an ISC of that name$/);
    await refuses(["clone", "web", "web"], "NAME_TAKEN", /^cannot create web: there is an ISC of that name$/);
    await refuses(["create", "A B", "static"], "NAME_INVALID", /^cannot use the name "A B": /, /for example: a-b/);
    await refuses(["create", "other", "no-such-image"], "IMAGE_UNKNOWN", /^cannot find image no-such-image: /);
    await refuses(
      ["expose", "web", "80", "--at", taken],
      "PORT_TAKEN",
      new RegExp(`^cannot expose host port ${taken}/tcp: a program of the host`),
    );
    await refuses(["build", "/etc"], "BLUEPRINT_UNREADABLE", /^cannot read blueprint \/etc: it is a directory$/);
    await refuses(["image", "rm", "static"], "IMAGE_IN_USE", /^cannot remove image [0-9a-f]{12}: web needs it$/);
    await refuses(["rollback", "web@none"], "SNAPSHOT_UNKNOWN", /^web has no snapshot none$/);
    assert.deepEqual(await lookAtDock(dock), earlier);
  });

  test("2: a command line that is not understood, with what was meant, and the dock is not asked", async () => {
    const earlier = await lookAtDock(dock);
    const refuses = (words: readonly string[], message: RegExp, hint: RegExp) =>
      assertRefusal(run, words, { exitCode: 2, code: "USAGE", message, hint });
    await refuses(["lss"], /^unknown command "lss"$/, /did you mean ls\? see iscadm help /);
    await refuses(["image", "lz"], /^unknown command "lz"$/, /did you mean ls\? see iscadm help image /);
    await refuses(["image"], /^missing command after "image"$/, /one of ls, show/);
    await refuses(["verify", "--fulll"], /^unknown option "--fulll"$/, /did you mean --full\? see iscadm help verify /);
    await refuses(["destroy", "web", "--shread"], /^unknown option "--shread"$/, /did you mean --shred\?/);
    await refuses(["start"], /^missing required argument "name"$/, /see iscadm help start /);
    await refuses(["expose", "web", "99999"], /^cannot understand the port "99999"$/, /from 1 to 65535/);
    await refuses(["ls", "--dock", "ftp://x"], /^cannot understand the dock "ftp:\/\/x"$/, /ssh:\/\/user@host/);
    assert.deepEqual(await lookAtDock(dock), earlier);
  });

  test("3: drift, with the findings where they always are; 0 again after a reset", async () => {
    const whole = await run("verify", "web");
    assert.equal(whole.exitCode, 0, whole.stdout);
    const { pid } = (await dock.client.call("list", {})).iscs[0] ?? {};
    const mount = spawn("mount", ["-N", String(pid), "-n", "-t", "tmpfs", "extra", "/opt"], { stdio: "ignore" });
    assert.deepEqual(await once(mount, "exit"), [0, null]);
    const plain = await run("verify", "web");
    assert.deepEqual([plain.exitCode, plain.stderr], [3, ""]);
    assert.match(plain.stdout, /^FAIL +web +write\.declared /m);
    const quiet = await run("verify", "--quiet");
    assert.equal(quiet.exitCode, 3);
    assert.doesNotMatch(quiet.stdout, /PASS|SKIP/);
    const json = await run("verify", "web", "--json");
    assert.deepEqual([json.exitCode, json.stderr], [3, ""]);
    const failed = JSON.parse(json.stdout).findings.filter(({ verdict }: { readonly verdict: string }) => verdict === "FAIL");
    assert.deepEqual(
      failed.map(({ row }: { readonly row: string }) => row),
      ["write.noexec", "write.declared"],
    );
    assert.equal((await run("reset", "web")).exitCode, 0);
    assert.equal((await run("verify", "web")).exitCode, 0);
  });

  test("4: no dock answers, and asking did not make one", async () => {
    const folder = mkdtempSync("/var/tmp/isc-test-nobody-");
    const nobody = (...words: readonly string[]) => runWith({ ISC_ROOT: `${folder}/root`, ISC_RUN: `${folder}/run` }, words);
    const refusal = {
      exitCode: 4,
      code: "DOCK_UNREACHABLE",
      message: new RegExp(`^cannot reach the dock: there is no socket at ${folder}/run/dock.sock$`),
    };
    await assertRefusal(nobody, ["ls", "--no-start"], refusal);
    await assertRefusal(nobody, ["dock", "status"], refusal);
    await assertRefusal(nobody, ["destroy", "web", "--no-start"], refusal);
    await assertRefusal(run, ["ls", "--dock", path.join(folder, "run/dock.sock")], refusal);
    assert.deepEqual(readdirSync(folder), []);
    rmSync(folder, { recursive: true });
  });

  test("exec gives the command's own exit code and streams", async () => {
    assert.equal((await run("exec", "web", "--", "/bin/sh", "-c", "exit 42")).exitCode, 42);
    const { stdout, stderr } = await run("exec", "web", "--", "/bin/sh", "-c", "echo out; echo err >&2");
    assert.deepEqual([stdout, stderr], ["out\n", "err\n"]);
  });
});
