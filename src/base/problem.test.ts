import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { isProblem, Problem, parseProblem } from "./problem.ts";
import { isProblemCode, type ProblemCode, problemCodes } from "./problem-codes.ts";

const codes = Object.keys(problemCodes).filter(isProblemCode);

test("a problem carries code, sentence, hint, details and cause", () => {
  const cause = new Error("exit 1");
  const problem = new Problem("SEAL_FAILED", "cannot seal web: mkfs.erofs exited with 1", {
    hint: "see above",
    details: ["a", "b"],
    cause,
  });
  assert.ok(isProblem(problem));
  assert.ok(problem instanceof Error);
  assert.equal(problem.code, "SEAL_FAILED");
  assert.equal(problem.hint, "see above");
  assert.deepEqual(problem.details, ["a", "b"]);
  assert.equal(problem.cause, cause);
});

test("an error of another kind is no problem", () => {
  assert.equal(isProblem(new Error("x")), false);
  assert.equal(isProblem(undefined), false);
});

test("JSON of a problem leaves out what it does not have, and its cause", () => {
  assert.equal(
    JSON.stringify(new Problem("ISC_UNKNOWN", "no ISC web", { cause: new Error("x") })),
    '{"code":"ISC_UNKNOWN","message":"no ISC web"}',
  );
});

test("a problem survives the way through JSON", () => {
  const problems = fc.record({
    code: fc.constantFrom(...codes),
    message: fc.string(),
    hint: fc.option(fc.string(), { nil: undefined }),
    details: fc.array(fc.string()),
  });
  fc.assert(
    fc.property(problems, ({ code, message, hint, details }) => {
      const back = parseProblem(JSON.parse(JSON.stringify(new Problem(code, message, { hint, details }))));
      assert.ok(back !== undefined);
      assert.deepEqual([back.code, back.message, back.hint, back.details], [code, message, hint, details]);
    }),
  );
});

test("what is no problem is not taken for one", () => {
  for (const value of [undefined, null, 1, "USAGE", {}, { code: "USAGE" }, { message: "x" }, { code: 1, message: "x" }]) {
    assert.equal(parseProblem(value), undefined);
  }
});

test("a code that this version does not know keeps its sentence", () => {
  const problem = parseProblem({ code: "FROM_THE_FUTURE", message: "cannot fly" });
  assert.equal(problem?.code, "BUG");
  assert.equal(problem?.message, "cannot fly");
});

test("words from Object.prototype are no codes", () => {
  assert.equal(isProblemCode("toString"), false);
});

test("every code is upper case and has a sentence", () => {
  for (const [code, sentence] of Object.entries(problemCodes)) {
    assert.match(code, /^[A-Z]+(_[A-Z]+)*$/);
    assert.match(sentence, /^[A-Z].*\.$/, code);
  }
});

test("docs/reference/problems.md holds every code with its sentence, and no other", () => {
  const page = readFileSync(new URL("../../docs/reference/problems.md", import.meta.url), "utf8");
  const documented = new Map([...page.matchAll(/^\| `([A-Z_]+)` \| (.+) \|$/gm)].map(([, code, sentence]) => [code, sentence]));
  assert.deepEqual(documented, new Map<ProblemCode | undefined, string | undefined>(codes.map((code) => [code, problemCodes[code]])));
});
