/** A dozen of the attack suite's techniques (npm run attack has all of them): each is shown to work without a container, then tried on an ISC. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listFailures } from "../attack/report.ts";
import { runAttack, type Traced } from "../attack/run-attack.ts";
import { Area } from "../bench/area.ts";
import { listLeftovers } from "./support/leftovers.ts";

const chosen = [
  "drop-binary",
  "loader",
  "preload",
  "memfd-exec",
  "protect-execute",
  "io-uring",
  "write-program",
  "make-device",
  "setuid-revival",
  "core-pattern",
  "reverse-shell",
  "metadata",
  "undeclared-port",
  "fork-bomb",
];

test("an intruder comes as far as was promised, and no further", {
  skip: process.arch !== "x64" && "the numbers of its system calls are those of x86-64",
}, async (context) => {
  let traces: Traced["traces"];
  {
    await using area = new Area();
    const options = { only: chosen, against: [], cache: "/var/tmp/isc-test-cache" };
    const report = await runAttack(area, options, (line) => context.diagnostic(line));
    traces = report.traces;
    assert.deepEqual(listFailures(report), []);
    const tried = report.results.filter(({ outcome }) => outcome.verdict !== "none");
    assert.ok(tried.length >= 10, `only ${tried.length} could be tried on this machine`);
    assert.ok(tried.every(({ outcome }) => outcome.verdict === "prevented"));
    // What was refused at the firewall is told, with the technique that it is.
    const shell = tried.find(({ attempt }) => attempt.id === "reverse-shell");
    assert.deepEqual(shell?.outcome.alarms, ["firewall.refused"]);
  }
  assert.deepEqual((await Promise.all(traces.map(listLeftovers))).flat(), []);
});
