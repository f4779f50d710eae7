import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { prelude } from "./prelude.ts";
import { listAttempts } from "./technique.ts";
import { techniques } from "./techniques.ts";

const all = Object.values(techniques).flat();

test("there are at least 60 techniques, each with an id of its own and a technique of MITRE ATT&CK", () => {
  assert.ok(all.length >= 60, String(all.length));
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  for (const { id, attack } of all) assert.match(attack, /^T\d{4}(\.\d{3})?$/, id);
  const attempts = listAttempts(techniques);
  assert.equal(new Set(attempts.map(({ id }) => id)).size, attempts.length);
});

test("every script is Perl", () => {
  const program = String.raw`$/ = "\0"; while (<STDIN>) { chomp; my ($id, $code) = split /\n/, $_, 2; eval "$code }"; print "$id: $@" if $@ }`;
  const input = all.map(({ id, script }) => `${id}\n${prelude} sub { ${script}\n`).join("\0");
  const { status, stdout, stderr } = spawnSync("perl", ["-e", program], { encoding: "utf8", input });
  assert.deepEqual([status, stdout, stderr], [0, "", ""]);
});

test("every script ends by saying whether it won or was refused", () => {
  for (const { id, script, mayBeKilled } of all) {
    if (mayBeKilled !== true) assert.match(script, /refused|taken|same|call\(/, id);
    assert.match(script, /won|taken|same|SENT|PLANTED|ANSWERED/, id);
  }
});

test("what is taken without end has a bound of its own and is tried only where a limit stands before it", () => {
  for (const { id, needs, control } of all.filter((one) => /bomb|fill|flood|hog/.test(one.id))) {
    assert.ok(needs, id);
    assert.equal(typeof control, "object", id);
  }
});
