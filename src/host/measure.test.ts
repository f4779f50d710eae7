import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createMeasureFile } from "./measure.ts";

const bytes = (count: number) => Buffer.from(Uint8Array.from({ length: count }, (_, index) => (index * 31 + (index >> 12)) % 251));

test("an empty file has the digest that the format leads to", async () => {
  assert.deepEqual(await withFile(0, (file) => createMeasureFile()(file)), {
    sizeBytes: 0,
    verity: "sha256:3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95",
  });
});

test("the digest is the one which fsverity prints, at every edge of blocks and levels", async (context) => {
  try {
    execFileSync("fsverity", ["--version"]);
  } catch {
    context.skip("fsverity is not installed");
    return;
  }
  for (const count of [1, 4095, 4096, 4097, 4096 * 128, 4096 * 128 + 1, 4096 * 128 * 3 + 5]) {
    const { measured, printed } = await withFile(count, async (file) => ({
      measured: (await createMeasureFile()(file)).verity,
      printed: execFileSync("fsverity", ["digest", "--compact", file], { encoding: "utf8" }).trim(),
    }));
    assert.equal(measured, `sha256:${printed}`, `${count} bytes`);
  }
});

test("one measurement after another gives the same answer", async () => {
  const measure = createMeasureFile();
  const digests = await withFile(4096 * 128 + 9, (file) => Promise.all([measure(file), measure(file), measure(file)]));
  assert.equal(new Set(digests.map((digest) => digest.verity)).size, 1);
});

test("in the background, beside others who want the processors, it has the same answer", async () => {
  const measure = createMeasureFile();
  const busy = Array.from({ length: 2 * availableParallelism() }, () => spawn("sh", ["-c", "while :; do :; done"]));
  try {
    const [calm, usual] = await withFile(40 * 1024 * 1024, async (file) => [await measure(file, { calm: true }), await measure(file)]);
    assert.deepEqual(calm, usual);
  } finally {
    for (const child of busy) child.kill("SIGKILL");
  }
});

test("a file that is not there is the caller's error", async () => {
  await assert.rejects(createMeasureFile()("/nonexistent/file"), { code: "ENOENT" });
});

async function withFile<T>(count: number, use: (file: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "measure-"));
  try {
    const file = join(directory, "file");
    writeFileSync(file, bytes(count));
    return await use(file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
