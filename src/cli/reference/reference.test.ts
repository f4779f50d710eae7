import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { renderBashCompletion } from "./bash-completion.ts";
import { renderCliReference } from "./cli-reference.ts";
import { readCommandPages } from "./command-pages.ts";

const stale = "is not what the commands say: run node scripts/write-cli-reference.ts";
const completion = new URL("../../../packaging/completions/iscadm.bash", import.meta.url);

test("docs/reference/cli.md is what the commands say", async () => {
  const written = readFileSync(new URL("../../../docs/reference/cli.md", import.meta.url), "utf8");
  assert.ok(written === renderCliReference(await readCommandPages()), `cli.md ${stale}`);
});

test("the bash completion is what the commands say", async () => {
  assert.ok(readFileSync(completion, "utf8") === renderBashCompletion(await readCommandPages()), `iscadm.bash ${stale}`);
});

test("bash completes verbs, their options and the names that the dock knows", () => {
  assert.deepEqual(complete("iscadm", "sn"), ["snapshot", "snapshot-rm", "snapshots"]);
  assert.deepEqual(complete("iscadm", "image", "ve"), ["verify"]);
  assert.deepEqual(complete("iscadm", "clone", "--s"), ["--start"]);
  assert.deepEqual(complete("iscadm", "--js"), ["--json"]);
  assert.deepEqual(complete("iscadm", "stop", "w"), ["web"]);
  assert.deepEqual(complete("iscadm", "rollback", "db"), ["db@before-upgrade"]);
  assert.deepEqual(complete("iscadm", "create", "x", "w"), ["web"]);
  assert.deepEqual(complete("iscadm", "network", "show", "sh"), ["shop"]);
  assert.deepEqual(complete("iscadm", "down", "sh"), ["shop"]);
});

/** What bash offers, with a function in iscadm's place that knows a few names. */
function complete(...words: string[]): string[] {
  const script = `
    iscadm() {
      case "$*" in
        ls*) echo web; echo db ;;
        image*) echo '      "name": "web",' ;;
        snapshots*) echo db@before-upgrade ;;
        stacks*) echo shop ;;
      esac
    }
    compopt() { :; }
    . "$1"; shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _iscadm
    printf '%s\\n' "\${COMPREPLY[@]}" | LC_ALL=C sort -u
  `;
  const { stdout, stderr } = spawnSync("bash", ["-c", script, "bash", fileURLToPath(completion), ...words], {
    encoding: "utf8",
    cwd: "/proc/self/fdinfo",
  });
  assert.equal(stderr, "");
  return stdout.trimEnd().split("\n");
}
