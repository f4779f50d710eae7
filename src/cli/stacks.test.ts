import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fakeAnswers, scriptOf } from "./fake-answers.ts";
import { type Script, startFakeDock } from "./fake-dock.ts";
import { type FakeRunOptions, runFakeCli } from "./fake-io.ts";
import { fakeStack } from "./fake-stack.ts";

test("up sends secrets from files and from standard input, and prints none of them", async () => {
  const secret = "s3cret-of-the-shop";
  const { asked, exitCode, stdout, stderr } = await run(["up", "shop.yaml", "--secret", "key=key.bin", "--secret", "db=-"], {
    input: secret,
  });
  assert.equal(exitCode, 0, stderr);
  const secrets = { key: Buffer.from("a key\n").toString("base64"), db: Buffer.from(secret).toString("base64") };
  assert.deepEqual(asked, [["stack-up", { file: "DIR/shop.yaml", secrets }]]);
  for (const word of [secret, secrets.db, secrets.key]) assert.ok(!(stdout + stderr).includes(word));
});

const refusals: readonly (readonly [string, readonly string[], FakeRunOptions])[] = [
  ["it is larger than 32 KiB", ["db=-"], { input: "x".repeat(32 * 1024 + 1) }],
  ["it is larger than 32 KiB", ["db=/dev/zero"], {}],
  ["it is empty", ["db=-"], { input: "" }],
  ["from a terminal", ["db=-"], { isTerminal: true }],
  ["two secrets from standard input", ["db=-", "key=-"], { input: "x" }],
  ["secret db twice", ["db=-", "db=key.bin"], { input: "x" }],
  ["cannot read the secret db: ENOENT", ["db=nothing"], {}],
  ["what follows --secret", ["hunter2"], {}],
];

for (const [reason, secrets, options] of refusals) {
  test(`up refuses ${secrets.join(" and ")}: ${reason}`, async () => {
    const { asked, exitCode, stderr } = await run(["up", "shop.yaml", ...secrets.flatMap((secret) => ["--secret", secret])], options);
    assert.equal(exitCode, 2);
    assert.ok(stderr.replaceAll("\u001b", "").includes(reason), stderr);
    assert.ok(!stderr.includes("hunter2"));
    assert.deepEqual(asked, []);
  });
}

test("a secret of 32 KiB is just small enough", async () => {
  assert.equal((await run(["up", "shop.yaml", "--secret", "db=-"], { input: "x".repeat(32 * 1024) })).exitCode, 0);
});

test("diff ends with 0 when nothing would change", async () => {
  const { exitCode, stdout } = await run(["diff", "shop.yaml"], {}, { "stack-diff": { result: { stack: "shop", steps: [] } } });
  assert.deepEqual([exitCode, stdout], [0, "shop is as the file says\n"]);
});

test("network test ends with 0 when all is as declared, and then has nothing to say with --quiet", async () => {
  const probes = fakeAnswers["network-test"].probes.filter(({ expected, seen }) => expected === seen);
  const answer = { "network-test": { result: { stack: "shop", probes, tookMs: 1 } } };
  assert.deepEqual(await run(["network", "test", "--quiet", "shop"], {}, answer).then(({ exitCode, stdout }) => [exitCode, stdout]), [
    0,
    "",
  ]);
});

test("stacks --quiet prints names", async () => {
  assert.equal((await run(["stacks", "--quiet"])).stdout, "shop\n");
});

test("network show --svg writes a file that everybody may read, and - is standard output", async () => {
  const { stdout, svg, mode } = await run(["network", "show", "--svg", "shop.svg"]);
  assert.equal(stdout, "shop drawn to DIR/shop.svg\n");
  assert.equal(mode, 0o644);
  assert.match(svg, /^<svg /);
  assert.equal((await run(["network", "show", "shop", "--svg", "-"])).stdout, svg);
});

test("network show --diagram minds the width of the terminal", async () => {
  assert.match((await run(["network", "show", "--diagram"], { columns: 140 })).stdout, /┌─+┐/);
  assert.match((await run(["network", "show", "--diagram"], { columns: 60 })).stdout, /├8443 ─front─▶ web/);
});

test("network show names what there is when it is asked for something else", async () => {
  const { exitCode, stderr } = await run(["network", "show", "shot"]);
  assert.deepEqual([exitCode, stderr], [2, "iscadm: cannot find a stack named shot\n  hint: there are: shop (USAGE)\n"]);
  const two = { stacks: { result: { stacks: [fakeStack, { ...fakeStack, name: "blog" }] } } };
  assert.match(
    (await run(["network", "show", "--svg", "-"], {}, two)).stderr,
    /one picture shows one stack\n {2}hint: there are: shop, blog/,
  );
});

async function run(words: readonly string[], options: FakeRunOptions = {}, answers: Script = {}) {
  await using dock = await startFakeDock({ ...scriptOf(), ...answers });
  const directory = dirname(dock.socket);
  await writeFile(join(directory, "shop.yaml"), "");
  await writeFile(join(directory, "key.bin"), "a key\n");
  const { exitCode, stdout, stderr } = await runFakeCli(words, { socket: dock.socket, workingDirectory: directory, ...options });
  const asked: unknown = JSON.parse(JSON.stringify(dock.asked).replaceAll(directory, "DIR"));
  const path = join(directory, "shop.svg");
  const svg = words.includes("shop.svg") ? await readFile(path, "utf8") : "";
  const mode = words.includes("shop.svg") ? (await stat(path)).mode & 0o777 : 0;
  return { exitCode, stdout: stdout.replaceAll(directory, "DIR"), stderr, asked, svg, mode };
}
