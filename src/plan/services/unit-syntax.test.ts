import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isProblem } from "../../base/problem.ts";
import { Name } from "../../model/name.ts";
import { expandCommandLine } from "./command-line.ts";
import { parseEnvironmentFile, parseEnvironmentWords } from "./environment.ts";
import { fakeImage, readKnowledge } from "./fake-image.ts";
import { planService } from "./plan-service.ts";
import { parseTimeSpan } from "./time-span.ts";
import { findSetting, listSettings, mergeUnits, parseUnit, renderUnit } from "./unit-file.ts";
import { expandSpecifiers, parseUnitName } from "./unit-name.ts";
import { wordsOf } from "./unit-words.ts";

const commandsOf = (line: string, environment: Record<string, string> = {}) =>
  expandCommandLine(line, parseUnitName("app@a-b.service"), environment).map(({ command }) => command);

test("continued lines are joined by a space, over comments", () => {
  const unit = parseUnit("[Service]\nExecStart=/bin/a \\\n  b \\\n# not this\n  c\n; nor this\n[X\nA=lost\n");
  assert.deepEqual(listSettings(unit, "Service", "ExecStart").map(wordsOf), [["/bin/a", "b", "c"]]);
  assert.equal(findSetting(unit, "X", "A"), undefined);
});

test("two backslashes at the end of a line are a backslash, not a continuation", () => {
  assert.deepEqual(parseUnit("[S]\nA=x\\\\\nB=y").settings.length, 2);
});

test("an empty assignment forgets, later units add", () => {
  const unit = mergeUnits([parseUnit("[S]\nA=1\nA=2\nB=x"), parseUnit("[S]\nA=\nA=3\nB=y")]);
  assert.deepEqual(listSettings(unit, "S", "A"), ["3"]);
  assert.equal(findSetting(unit, "S", "B"), "y");
});

test("words are quoted and escaped as systemd does it", () => {
  assert.deepEqual(wordsOf(`a 'b c' "d\\x20e\\"" f'g h' \\s \\101 \\u00e9 "" \\q`), ["a", "b c", 'd e"', "fg h", " ", "A", "é", "", "\\q"]);
  assert.throws(() => wordsOf("a 'b"), { code: "SERVICE_UNUSABLE" });
});

test("specifiers stand for parts of the unit's name and for directories", () => {
  const unit = parseUnitName("pg@15-main\\x2dx.service");
  assert.equal(expandSpecifiers("%n %p %i %I %t %S %% %Z", unit), "pg@15-main\\x2dx.service pg 15-main\\x2dx 15/main-x /run /var/lib % %Z");
});

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: systemd writes its variables so
test("command lines know prefixes, several commands, and variables", () => {
  assert.deepEqual(commandsOf("-/bin/a $X ${X}y $$X $NONE '' ; /bin/b \\; c", { X: "1 2" }), [
    ["/bin/a", "1", "2", "1 2y", "$X", ""],
    ["/bin/b", ";", "c"],
  ]);
  assert.deepEqual(commandsOf("@/bin/a argv0 b"), [["/bin/a", "b"]]);
  assert.deepEqual(commandsOf(":/bin/a $X", { X: "1" }), [["/bin/a", "$X"]]);
  assert.deepEqual(commandsOf("/bin/a %i"), [["/bin/a", "a-b"]]);
  assert.throws(() => commandsOf("- a"), { code: "SERVICE_UNUSABLE" });
});

// biome-ignore-end lint/suspicious/noTemplateCurlyInString: systemd writes its variables so

test("environment files have comments, quotes and continued values", () => {
  const text = `# no\n;no \\\nA=still comment\nA=1\n B = 2 3  \nC='x # y'"z\\$\\n" \nD=a\\\nb\nnothing\n1X=bad\nE="multi\nline"\nF=\nG=l\\ast\\ `;
  assert.deepEqual(parseEnvironmentFile(text), { A: "1", B: "2 3", C: "x # yz$\\n", D: "ab", E: "multi\nline", F: "", G: "last " });
});

test("environment words are assignments", () => {
  assert.deepEqual(parseEnvironmentWords(`A=1 "B=2 3" C 'D=' 9=x`), { A: "1", B: "2 3", D: "" });
});

test("time spans have units, seconds by default", () => {
  assert.deepEqual(["5", "1h", "1min 30s", "250ms", "0", "infinity", "soon", ""].map(parseTimeSpan), [
    5_000,
    3_600_000,
    90_000,
    250,
    0,
    Number.POSITIVE_INFINITY,
    undefined,
    undefined,
  ]);
});

const line = fc.oneof(
  fc.string(),
  fc.constantFrom("[Service]", "Type=forking", "Type=oneshot", "User=redis", "DynamicUser=yes", "ExecStart=", "EnvironmentFile=-/x"),
  fc
    .tuple(
      fc.constantFrom(
        "ExecStart",
        "ExecStartPre",
        "Environment",
        "ReadWritePaths",
        "StateDirectory",
        "PIDFile",
        "User",
        "WorkingDirectory",
      ),
      fc.string(),
    )
    .map((pair) => pair.join("=")),
  fc
    .tuple(
      fc.constantFrom("ExecStart=/bin/a ", "ExecStartPre=/bin/mkdir ", "Environment="),
      fc.string({ unit: fc.constantFrom("\\", "'", '"', "$", "{", "}", "A", " ", "%", "i", "x", "0", ";", "\n", "/", ".") }),
    )
    .map((pair) => pair.join("")),
);

test("whatever a unit file holds, planning it answers or throws a Problem", () => {
  const knowledge = readKnowledge();
  fc.assert(
    fc.property(fc.array(line), fc.string(), (lines, environment) => {
      const facts = fakeImage({ "/x": environment });
      try {
        planService({
          name: Name.parse("app"),
          units: { "app.service": `[Service]\n${lines.join("\n")}` },
          override: {},
          facts,
          knowledge,
        });
      } catch (error) {
        assert.ok(isProblem(error), String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test("a rendered unit parses to the same settings", () => {
  const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}$/);
  const value = fc.string().map((text) =>
    text
      .replace(/[\r\n\0]/g, "")
      .replace(/[\s\\]+$/, "")
      .trim(),
  );
  const unit = fc.array(fc.record({ section: word, key: word, value })).map((settings) => ({ settings }));
  fc.assert(
    fc.property(unit, (original) =>
      assert.deepEqual(
        parseUnit(renderUnit(original)).settings,
        original.settings.map((setting) => ({ ...setting })),
      ),
    ),
  );
});

test("an environment file of quoted values gives them back", () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,5}$/),
        fc.string().filter((text) => !text.includes("\r")),
      ),
      (values) => {
        const text = Object.entries(values).map(([name, value]) => `${name}="${value.replace(/["\\`$]/g, "\\$&")}"\n`);
        assert.deepEqual(parseEnvironmentFile(text.join("")), { ...values });
      },
    ),
  );
});

test("text of any kind is an environment file, in time that grows with its length", () => {
  fc.assert(fc.property(fc.string(), (text) => assert.ok(parseEnvironmentFile(text))));
  const startedMs = performance.now();
  parseEnvironmentFile(`A=${"' ".repeat(100_000)}`);
  parseEnvironmentFile(`${" ".repeat(100_000)}=x`);
  assert.ok(performance.now() - startedMs < 2_000);
});
