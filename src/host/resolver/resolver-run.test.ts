import assert from "node:assert/strict";
import { test } from "node:test";
import { ResolverRun, type ResolverRunOptions } from "./resolver-run.ts";

/** A process that says something else than a resolver would. */
function run(script: string, options: Partial<ResolverRunOptions> = {}): ResolverRun {
  const say = "const say = (word) => console.log(JSON.stringify(word)); setInterval(() => {}, 1000); process.stdin.resume();";
  return new ResolverRun(
    { program: process.execPath, arguments: ["-e", `${say}${script}`], stdio: ["pipe", "pipe", "pipe"] },
    { mostAsking: 2, ask: () => undefined, onReport: () => undefined, ...options },
  );
}

test("a process that says what no resolver says is ended", async () => {
  const scripts = [
    ["console.log('hello')", "it says what makes no sense"],
    ["say({ kind: 'report', report: { refused: [7], further: [], strangers: 0 } })", "it says what makes no sense"],
    ["process.stdout.write('x'.repeat(2_000_000))", "it says too much at once"],
    ["say({ kind: 'ask', id: 1, asker: 'web', name: 'secret.evil.net' })", "it asks for what it may not have"],
    ["say({ kind: 'failed', reason: 'EADDRINUSE' })", "EADDRINUSE"],
    ["throw new Error('no memory')", /no memory/],
  ] as const;
  for (const [script, expected] of scripts) {
    const one = run(script);
    const reason = await one.ended;
    if (typeof expected === "string") assert.equal(reason, expected);
    else assert.match(reason, expected);
    await assert.rejects(one.listening, /cannot start the resolver: /);
  }
});

test("a process that asks for more at a time than it may is ended, and gets no answer", async () => {
  let asked = 0;
  const ask = () => {
    asked += 1;
    return new Promise<never>(() => undefined);
  };
  const one = run("for (let id = 1; id < 9; id++) say({ kind: 'ask', id, asker: 'web', name: 'api.org' })", { ask });
  assert.equal(await one.ended, "it asks for what it may not have");
  assert.equal(asked, 2);
});

test("what was asked under the policy before is answered with a failure, and the policy is waited for", async () => {
  const echo = `
    let text = ""; const words = [];
    process.stdin.on("data", (bytes) => {
      for (const line of String(bytes).split("\\n").filter(Boolean)) words.push(JSON.parse(line));
      if (words.length === 1) say({ kind: "ask", id: 5, asker: "web", name: "old.org" });
      if (words.length === 2) say({ kind: "took", number: words[1].id === 5 && words[1].resolution.kind === "failed" ? 1 : 99 });
    });`;
  const one = run(echo);
  assert.equal(await one.setPolicy([]), true);
  const late = one.setPolicy([]);
  await one.close();
  assert.equal(await late, false);
});
