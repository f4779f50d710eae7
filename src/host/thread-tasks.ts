/** The other end of a thread pool: a worker file calls `answerTasks` once. */
import { parentPort } from "node:worker_threads";

/** A message carries no more of an error than its name, words and stack; the code that node:fs gives it travels beside. */
export type ThreadAnswer<Result> = { readonly result: Result } | { readonly error: unknown; readonly code: unknown };

export function answerTasks<Task, Result>(work: (task: Task) => Result): void {
  parentPort?.on("message", (task: Task) => {
    try {
      parentPort?.postMessage({ result: work(task) } satisfies ThreadAnswer<Result>);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      parentPort?.postMessage({ error, code } satisfies ThreadAnswer<Result>);
    }
  });
}
