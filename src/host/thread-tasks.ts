/** The other end of a thread pool: a worker file calls `answerTasks` once. */
import { parentPort } from "node:worker_threads";

export type ThreadAnswer<Result> = { readonly result: Result } | { readonly error: unknown };

export function answerTasks<Task, Result>(work: (task: Task) => Result): void {
  parentPort?.on("message", (task: Task) => {
    try {
      parentPort?.postMessage({ result: work(task) } satisfies ThreadAnswer<Result>);
    } catch (error) {
      parentPort?.postMessage({ error } satisfies ThreadAnswer<Result>);
    }
  });
}
