/** The dock on another kernel: a virtual machine with Debian's own, cgroup v2 alone, device mapper and fs-verity. See inside/dock.test.ts. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { test } from "node:test";
import { buildReady } from "../system/support/blueprints.ts";
import { TestDock } from "../system/support/dock.ts";
import { type GuestBase, makeGuestBase, NoGuest } from "./guest-base.ts";
import { makeProjectDisk, makeStateDisk } from "./guest-disks.ts";
import { type GuestRun, runGuest } from "./run-guest.ts";

/** It takes a fifth of this on a machine that has nothing else to do. */
const timeoutMs = 600_000;
/** Three times what the longest test takes on a busy machine. */
const silenceMs = 180_000;

test("a virtual machine with Debian's kernel", async (context) => {
  const base = findBase();
  if (base instanceof NoGuest) {
    context.skip(base.message);
    return;
  }
  let run = await bootGuest(base);
  if (run.hung) {
    context.diagnostic(`the emulated machine hung after ${run.lines.length} lines, and is booted once more:\n${run.console.slice(-2_000)}`);
    run = await bootGuest(base);
  }
  for (const line of run.lines) {
    if (line.kind === "note") context.diagnostic(line.words);
    if (line.kind === "passed") await context.test(`${line.title} (${line.tookMs} ms there)`, () => undefined);
    if (line.kind === "skipped") await context.test(line.title, { skip: line.words }, () => undefined);
    if (line.kind === "failed") await context.test(line.title, () => assert.fail(line.words));
  }
  const last = run.console.split("\n").slice(-40).join("\n");
  assert.ok(!run.hung, `the virtual machine hung twice, silent for ${silenceMs / 1000} s:\n${last}`);
  assert.ok(!run.timedOut, `the virtual machine did not end within ${timeoutMs / 1000} s:\n${last}`);
  assert.equal(run.lines.at(-1)?.kind, "end", `the virtual machine ended early:\n${last}`);
});

function findBase(): GuestBase | NoGuest {
  try {
    return makeGuestBase();
  } catch (error) {
    if (error instanceof NoGuest) return error;
    throw error;
  }
}

async function bootGuest(base: GuestBase): Promise<GuestRun> {
  const work = mkdtempSync("/var/tmp/isc-vm-");
  try {
    const contents = `${work}/state`;
    mkdirSync(contents);
    await exportImage(contents);
    const state = makeStateDisk(work, contents);
    return await runGuest({ base, project: makeProjectDisk(work), state, work, timeoutMs, silenceMs });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The image is built and sealed here, by a real dock, and carried over as one file. */
async function exportImage(contents: string): Promise<void> {
  await using dock = await TestDock.start();
  const { digest } = await buildReady(dock, "nginx");
  await dock.client.call("image-export", { image: digest, file: `${contents}/web.isc` });
  for (const key of readdirSync(dock.layout.trustedKeys)) copyFileSync(`${dock.layout.trustedKeys}/${key}`, `${contents}/key.pem`);
}
