/** Two hundred clones, started and destroyed: what one costs shows in a table, and nothing of any is left. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { linkNames, namesInCgroups } from "./support/leftovers.ts";

const count = 200;
/** Running at once: two hundred sandboxes need more memory than a test may ask for. */
const batch = 20;
/** What is made and ended once before anything is counted: pools fill, and the collector has seen what it will see. */
const warmUp = 2 * batch;
/**
 * Of the dock's resident memory, for each clone that is gone. The collector is lazy, so some tens of KiB say nothing (after a forced
 * collection it is 2 KiB); a buffer kept of every life would show.
 */
const growthBytesPerClone = 256 * 1024;
const spareDescriptors = 8;
const settleMs = 5_000;

test("two hundred clones are started and destroyed, and nothing is left of them", async (context) => {
  await using dock = await TestDock.start();
  const image = (await buildReady(dock, "nginx")).digest;
  await dock.client.call("create", { name: "web" as Name, image });
  await liveAndDie(dock, warmUp);
  const before = await traces(dock);
  const times = await liveAndDie(dock, count);
  const afterwards = await traces(dock);
  const each = (sumMs: number) => `${(sumMs / count).toFixed(0)} ms`;
  context.diagnostic(`each clone: ${each(times.startMs)} until it serves, ${each(times.destroyMs)} until it is gone`);
  // The least of each half: between two runs of the collector memory is anywhere above it.
  const [early, late] = [
    times.residentBytes.slice(0, times.residentBytes.length / 2),
    times.residentBytes.slice(times.residentBytes.length / 2),
  ];
  const grown = Math.min(...late) - Math.min(...early);
  context.diagnostic(
    `the dock: ${(Math.min(...early) / 2 ** 20).toFixed(0)} MiB, grown by ${(grown / 1024 / (count / 2)).toFixed(1)} KiB for each`,
  );
  for (const kind of ["mounts", "loops", "networkNamespaces", "links", "cgroups", "processes"] as const) {
    assert.equal(afterwards[kind], before[kind], kind);
  }
  // Pipes of the children that wait in the pool of user namespaces come and go.
  const { descriptors } = afterwards;
  assert.ok(descriptors <= before.descriptors + spareDescriptors, `descriptors: ${before.descriptors}, then ${descriptors}`);
  assert.ok(grown <= growthBytesPerClone * (count / 2), `the dock grew by ${grown} bytes`);
  assert.equal((await dock.client.call("list", {})).iscs.length, 1);
});

interface Lives {
  readonly startMs: number;
  readonly destroyMs: number;
  /** Of the dock, after each batch. */
  readonly residentBytes: readonly number[];
}

async function liveAndDie(dock: TestDock, many: number): Promise<Lives> {
  let [startMs, destroyMs] = [0, 0];
  const residentBytes: number[] = [];
  for (let round = 0; round < many / batch; round++) {
    const began = performance.now();
    const { iscs } = await dock.client.call("clone", { source: "web", name: "many" as Name, count: batch, start: true });
    assert.equal(iscs.length, batch);
    const started = performance.now();
    // The counting itself works: all of them can be seen while they run.
    if (round === 0) assertSeen(dock);
    const seen = performance.now();
    await dock.client.call("destroy", { names: iscs.map(({ name }) => name) });
    startMs += started - began;
    destroyMs += performance.now() - seen;
    residentBytes.push(readResidentBytes(dock));
  }
  return { startMs, destroyMs, residentBytes };
}

function assertSeen(dock: TestDock): void {
  const { loops, networkNamespaces, links, cgroups, mounts, processes } = countKinds(dock);
  for (const [kind, seen] of Object.entries({ loops, networkNamespaces, links, cgroups, mounts, processes })) {
    assert.ok(seen >= batch, `${kind}: ${seen}`);
  }
}

/** When the kernel has ended what it ends in the background, and the dock's collector has run as far as it wants to. */
async function traces(dock: TestDock) {
  for (const deadline = Date.now() + settleMs; countKinds(dock).loops + countKinds(dock).links > 0 && Date.now() < deadline; ) {
    await sleep(50);
  }
  return countKinds(dock);
}

function countKinds(dock: TestDock) {
  // What else is mounted on this machine reaches the dock's namespace too.
  const mounts = readFileSync(`/proc/${dock.pid}/mountinfo`, "utf8")
    .split("\n")
    .filter((line) => line.includes(` ${dock.layout.run}/`));
  const backing = readdirSync("/sys/block").map((name) => `/sys/block/${name}/loop/backing_file`);
  return {
    mounts: mounts.length,
    // A namespace lives as long as it is pinned, a process is in it, or its link is there.
    networkNamespaces: mounts.filter((line) => line.includes(" - nsfs ")).length,
    loops: backing.filter((file) => existsSync(file) && readFileSync(file, "utf8").startsWith(dock.layout.root)).length,
    links: linkNames(dock.tag).length,
    cgroups: namesInCgroups(dock.tag).size,
    processes: countProcesses(dock),
    descriptors: readdirSync(`/proc/${dock.pid}/fd`).length,
  };
}

function readResidentBytes(dock: TestDock): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${dock.pid}/status`, "utf8"))?.[1]) * 1024;
}

/** Monitors and services of the dock: by their working directory, or the control group they are in. */
function countProcesses(dock: TestDock): number {
  return readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && readOrNothing(`/proc/${entry}/cgroup`).includes(`/isc-${dock.tag}/`))
    .length;
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
