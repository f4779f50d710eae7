/** One thread for each core, kept for a while after use. They never keep the process alive by themselves. */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { ThreadAnswer } from "./thread-tasks.ts";

const idleMs = 10_000;
const mostThreads = 32;

export interface ThreadPool<Task, Result> {
  /** Gives the same task to every thread, which share it among themselves by memory. Tasks of several callers wait for each other. */
  runOnAll(task: Task): Promise<readonly Result[]>;
}

export function createThreadPool<Task, Result>(
  file: URL,
  threadCount = Math.min(availableParallelism(), mostThreads),
): ThreadPool<Task, Result> {
  let threads: readonly Worker[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let idle: NodeJS.Timeout | undefined;

  const end = () => {
    for (const thread of threads) void thread.terminate();
    threads = [];
  };
  const run = async (task: Task): Promise<readonly Result[]> => {
    clearTimeout(idle);
    if (threads.length === 0) threads = Array.from({ length: threadCount }, () => new Worker(file));
    try {
      const answers = await Promise.all(threads.map((thread) => ask<Task, Result>(thread, task)));
      return answers;
    } catch (error) {
      end();
      throw error;
    } finally {
      idle = setTimeout(end, idleMs).unref();
    }
  };
  return {
    runOnAll: (task) => {
      const answer = last.then(() => run(task));
      last = answer.catch(() => undefined);
      return answer;
    },
  };
}

async function ask<Task, Result>(thread: Worker, task: Task): Promise<Result> {
  thread.ref();
  thread.postMessage(task);
  const answered = new AbortController();
  try {
    const ended = once(thread, "exit", { signal: answered.signal }).then(([code]): never => {
      throw new Error(`a thread ended with ${code}`);
    });
    const [answer] = (await Promise.race([once(thread, "message", { signal: answered.signal }), ended])) as [ThreadAnswer<Result>];
    if ("error" in answer) throw withCode(answer.error, answer.code);
    return answer.result;
  } finally {
    answered.abort();
    thread.unref();
  }
}

function withCode(error: unknown, code: unknown): unknown {
  return error instanceof Error && code !== undefined ? Object.assign(error, { code }) : error;
}
