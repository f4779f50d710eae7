import assert from "node:assert/strict";
import { test } from "node:test";
import { createThreadPool } from "./thread-pool.ts";

/** A thread that answers each task with what `work`, JavaScript, makes of it. */
function workerOf(work: string): URL {
  const program = `import fs from "node:fs";
import { answerTasks } from ${JSON.stringify(new URL("thread-tasks.ts", import.meta.url).href)};
answerTasks((task) => ${work});`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}

test("every thread answers", async () => {
  const pool = createThreadPool<number, number>(workerOf("task + 1"), 2);
  assert.deepEqual(await pool.runOnAll(1), [2, 2]);
});

test("an error of a thread keeps the code by which its reader tells it", async () => {
  const pool = createThreadPool<string, string>(workerOf("fs.readFileSync(task, 'utf8')"), 1);
  await assert.rejects(pool.runOnAll("/nowhere"), { code: "ENOENT", message: /no such file/ });
});
