/** What a refusal must be: one sentence with its code, and nothing changed by what was refused. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Problem } from "../../../src/base/problem.ts";
import type { ProblemCode } from "../../../src/base/problem-codes.ts";
import type { TestDock } from "./dock.ts";
import { findStrays } from "./strays.ts";

const settleMs = 3_000;

/** Everything of a dock that an operation could change: listings, files, mounts, loop devices and firewall. Stable while nobody changes anything. */
export async function lookAtDock(dock: TestDock) {
  const { iscs } = await dock.client.call("list", {});
  const images = await dock.client.call("images", {}).catch((error: unknown) => String(error));
  return {
    // What the dock's clocks saw last is no change.
    iscs: iscs.map(({ health: _, pressures: _pressures, ...isc }) => isc),
    images,
    strays: await findStrays(dock, iscs),
    files: listStateFiles(dock.layout.root),
    mounts: listMountPoints(dock),
    loops: listLoops(dock.layout),
    firewall: listFirewall(dock.tag),
  };
}

/** The refusal, for more questions to it. @param words what the sentence says, as a whole where it is known */
export async function assertRefused(
  dock: TestDock,
  call: () => Promise<unknown>,
  code: ProblemCode,
  words: RegExp | string,
): Promise<Problem> {
  const earlier = await lookAtDock(dock);
  const problem = await refusalOf(call);
  assert.equal(problem.code, code, problem.message);
  if (typeof words === "string") assert.equal(problem.message, words);
  else assert.match(problem.message, words);
  assertOneSentence(problem.message);
  await assertAsBefore(dock, earlier);
  return problem;
}

/** The kernel ends mounts and loop devices a little after their last user. */
export async function assertAsBefore(dock: TestDock, earlier: Awaited<ReturnType<typeof lookAtDock>>): Promise<void> {
  for (const deadline = Date.now() + settleMs; Date.now() < deadline; await sleep(100)) {
    if (isDeepStrictEqual(await lookAtDock(dock), earlier)) return;
  }
  assert.deepEqual(await lookAtDock(dock), earlier);
}

export function assertOneSentence(text: string): void {
  assert.doesNotMatch(text, /\n|\bat .*\.ts:\d+|\[object |undefined|node:internal/);
}

async function refusalOf(call: () => Promise<unknown>): Promise<Problem> {
  const answer = await call().catch((error: unknown) => error);
  assert.ok(answer instanceof Problem, `it was not refused: ${answer instanceof Error ? answer.stack : JSON.stringify(answer)}`);
  return answer;
}

/** Each file's path (an empty folder is nothing), with the bytes of what is small and never written behind an operation's back. */
function listStateFiles(root: string): readonly string[] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !/\/(?:dock|console)\.log$/.test(file))
    .map((file) => (/\.(?:json|pem|yaml)$/.test(file) ? `${file} ${hash("sha256", readFileSync(file))}` : file))
    .sort();
}

/** The dock's own. The mount of an image is there from the first start on, whatever becomes of that. */
function listMountPoints({ pid, layout }: TestDock): readonly string[] {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, "utf8").trimEnd().split("\n");
  const isOwn = (place: string) => [layout.root, layout.run].some((directory) => place.startsWith(`${directory}/`));
  return lines
    .map((line) => line.split(" ")[4] ?? "")
    .filter((place) => isOwn(place) && !place.startsWith(`${layout.run}/images/`))
    .sort();
}

/** Of scratch and volumes. The image's, where the kernel needs one, comes with its mount. */
function listLoops({ root, images }: TestDock["layout"]): readonly string[] {
  const files = readdirSync("/sys/block").map((name) => `/sys/block/${name}/loop/backing_file`);
  const backing = files.flatMap((file) => (existsSync(file) ? [readFileSync(file, "utf8")] : []));
  return backing.filter((file) => file.startsWith(root) && !file.startsWith(images)).sort();
}

/** Rules and elements without their counters, which every packet changes. */
function listFirewall(tag: string): string {
  const { stdout } = spawnSync("nft", ["--stateless", "list", "table", "inet", `isc_${tag}`], { encoding: "utf8" });
  assert.match(stdout, /^table /);
  return stdout;
}
