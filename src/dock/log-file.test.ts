import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { LogFile } from "./log-file.ts";

test("lines come out whole and in order, also those that wait when the process ends", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "isc-log-"));
  const place = path.join(folder, "dock.log");
  const file = new LogFile(place);
  const lines = Array.from({ length: 500 }, (_, index) => `${index}\n`);
  for (const line of lines) file.write(line);
  for (let left = 200; left > 0 && statSync(place).size < lines.join("").length; left--) await sleep(5);
  assert.equal(readFileSync(place, "utf8"), lines.join(""));
  // The first is being written by then, the second waits.
  file.write("begun\n");
  file.write("waiting\n");
  file.flushNow();
  await sleep(50);
  assert.deepEqual(readFileSync(place, "utf8").trimEnd().split("\n").slice(-2).toSorted(), ["begun", "waiting"]);
  assert.equal(statSync(place).mode & 0o777, 0o600);
  rmSync(folder, { recursive: true });
});

test("a full disk neither throws nor holds anything up", { timeout: 5_000 }, async () => {
  const file = new LogFile("/dev/full");
  for (let round = 0; round < 3; round++) {
    file.write("lost\n");
    await sleep(10);
  }
  file.write("lost\n");
  file.flushNow();
});
