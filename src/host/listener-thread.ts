/** A thread that listens to the kernel and tells in batches, so that neither a flood nor a busy main thread holds up the other. */
import { once } from "node:events";
import { closeSync, writeSync } from "node:fs";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { reasonOf } from "../base/reason-of.ts";
import { callLibc } from "./kernel/libc.ts";

const EFD_CLOEXEC = 0x80000;
const endPatienceMs = 1_000;
const mostHeapMb = 64;

/** What the thread is given: its own options, and an eventfd that says stop. */
type Start<Options> = { readonly options: Options; readonly stop: number };

type Word<Message> =
  | { readonly kind: "listening" }
  | { readonly kind: "told"; readonly message: Message }
  | { readonly kind: "failed"; readonly reason: string };

export interface ListenerCallbacks<Message> {
  readonly onMessage: (message: Message) => void;
  /** It has ended though nobody asked it to. */
  readonly onEnd: (reason: string) => void;
}

/** Resolves once it listens. It does not keep the process alive. Throws Error with the kernel's words when it cannot listen. */
export async function startListenerThread<Options, Message>(
  file: URL,
  options: Options,
  callbacks: ListenerCallbacks<Message>,
): Promise<AsyncDisposable> {
  const stop = callLibc("int eventfd(unsigned int value, int flags)", [0, EFD_CLOEXEC], () => "make an eventfd");
  const started = Promise.withResolvers<void>();
  const worker = new Worker(file, {
    workerData: { options, stop } satisfies Start<Options>,
    resourceLimits: { maxOldGenerationSizeMb: mostHeapMb },
    // Its socket is opened by a call that Node does not see.
    trackUnmanagedFds: false,
  });
  let state: "starting" | "listening" | "ending" | "ended" = "starting";
  const end = (reason: string) => {
    if (state === "starting") started.reject(new Error(reason));
    else if (state === "listening") callbacks.onEnd(reason);
    state = "ended";
  };
  worker.on("message", (word: Word<Message>) => {
    if (word.kind === "told") return callbacks.onMessage(word.message);
    if (word.kind === "failed") return end(word.reason);
    state = "listening";
    worker.unref();
    started.resolve();
  });
  worker.on("error", (error) => end(reasonOf(error)));
  worker.on("exit", (code) => end(`its thread ended with ${code}`));
  const release = async () => {
    worker.ref();
    if (state === "listening") state = "ending";
    writeSync(stop, new Uint8Array(new BigUint64Array([1n]).buffer));
    await Promise.race([worker.threadId === -1 ? undefined : once(worker, "exit"), patience()]);
    closeSync(stop);
  };
  try {
    await started.promise;
  } catch (error) {
    await release();
    throw error;
  }
  return { [Symbol.asyncDispose]: release };
}

function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, endPatienceMs));
}

export interface Listening<Options, Message> {
  readonly options: Options;
  readonly stop: number;
  /** Say it once, when the socket is open. */
  readonly listening: () => void;
  readonly tell: (message: Message) => void;
}

/** The thread's side: a worker file calls it once. What `listen` throws is told to the owner. */
export function listenInThread<Options, Message>(listen: (listening: Listening<Options, Message>) => void): void {
  const post = (word: Word<Message>) => parentPort?.postMessage(word);
  // What startListenerThread has handed over.
  const { options, stop } = workerData as Start<Options>;
  try {
    listen({ options, stop, listening: () => post({ kind: "listening" }), tell: (message) => post({ kind: "told", message }) });
  } catch (error) {
    post({ kind: "failed", reason: reasonOf(error) });
  }
}
