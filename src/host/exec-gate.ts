/** The exec gate's hold on the kernel: a fanotify group, a thread that answers, and the marks. Nothing is held up when either ends. */
import { once } from "node:events";
import { closeSync, writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { reasonOf } from "../base/reason-of.ts";
import type { DenialReason, GateImage, GateIsc } from "./exec-gate-rules.ts";
import { SharedWords } from "./exec-gate-shared.ts";
import { markFileSystem, markOpening, openFanotify } from "./kernel/fanotify.ts";
import { callLibc } from "./kernel/libc.ts";

/** What the thread is given. */
export interface GateStart {
  readonly group: number;
  readonly wake: number;
  readonly shared: SharedArrayBuffer;
}

export type GateWord =
  | { readonly kind: "image"; readonly image: GateImage }
  | { readonly kind: "forget"; readonly device: number }
  | { readonly kind: "iscs"; readonly iscs: readonly GateIsc[] }
  | { readonly kind: "stop" };

/** A program that did not run. */
export interface Denial {
  readonly isc: string;
  readonly reason: DenialReason;
  readonly path: string;
  readonly pid: number;
  /** What the process was when it asked. */
  readonly program: string;
  readonly parentPid: number;
  readonly parent: string;
  /** As seen inside. */
  readonly uid: number;
  /** As the process gave them. */
  readonly arguments: readonly string[];
}

export type GateTold =
  | { readonly kind: "denied"; readonly denial: Denial }
  | { readonly kind: "further"; readonly isc: string; readonly count: number }
  | { readonly kind: "failed"; readonly reason: string };

export interface GateCallbacks {
  readonly onDenied: (denial: Denial) => void;
  /** More were denied than are told one by one. */
  readonly onFurther: (isc: string, count: number) => void;
  /** It holds nothing any more, though nobody asked it to end: the kernel allows. */
  readonly onEnd: (reason: string) => void;
}

export interface ExecGate extends AsyncDisposable {
  /** What is known of the image on a device. Before its marks. */
  setImage(image: GateImage): void;
  /** Every execution on the image is asked about from now on. Safe to repeat: marks end with the mount. Throws KernelError. */
  markImage(image: GateImage, mountPoint: string): void;
  forgetImage(device: number): void;
  /** Programs here may run for nobody in an ISC. Throws KernelError. */
  watchForeign(device: number, mountPoint: string): void;
  setIscs(iscs: readonly GateIsc[]): void;
  /** Before the process of an operator's session is started. */
  expectSession(): void;
  /** Undefined: it could not be started. False when there are too many. */
  addSession(pid: number | undefined): boolean;
  removeSession(pid: number): void;
}

const EFD_CLOEXEC = 0x80000;
const mostHeapMb = 64;
const endPatienceMs = 1_000;
const lookEveryMs = 1_000;
const longestAnswerSeconds = 10;

/** Throws KernelError: EPERM, ENOSYS, EINVAL. */
export function startExecGate(callbacks: GateCallbacks): ExecGate {
  return new LocalExecGate(callbacks);
}

class LocalExecGate implements ExecGate {
  readonly #callbacks: GateCallbacks;
  readonly #shared = SharedWords.create();
  readonly #words = new SharedWords(this.#shared);
  readonly #group = openFanotify();
  readonly #wake = callLibc("int eventfd(unsigned int value, int flags)", [0, EFD_CLOEXEC], () => "make an eventfd");
  readonly #worker: Worker;
  readonly #timer: NodeJS.Timeout;
  #state: "open" | "ending" | "closed" = "open";

  constructor(callbacks: GateCallbacks) {
    this.#callbacks = callbacks;
    this.#worker = new Worker(new URL("./exec-gate-worker.ts", import.meta.url), {
      workerData: { group: this.#group, wake: this.#wake, shared: this.#shared } satisfies GateStart,
      resourceLimits: { maxOldGenerationSizeMb: mostHeapMb },
      trackUnmanagedFds: false,
    });
    this.#worker.on("message", (told: GateTold) => this.#hear(told));
    this.#worker.on("error", (error) => this.#end(reasonOf(error)));
    this.#worker.on("exit", (code) => this.#end(`its thread ended with ${code}`));
    this.#worker.unref();
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref();
  }

  setImage(image: GateImage): void {
    this.#say({ kind: "image", image });
  }

  markImage(image: GateImage, mountPoint: string): void {
    markFileSystem(this.#group, mountPoint);
    for (const path of image.held) markOpening(this.#group, `${mountPoint}${path}`);
  }

  forgetImage(device: number): void {
    this.#say({ kind: "forget", device });
  }

  watchForeign(device: number, mountPoint: string): void {
    this.#say({ kind: "forget", device });
    markFileSystem(this.#group, mountPoint);
  }

  setIscs(iscs: readonly GateIsc[]): void {
    this.#say({ kind: "iscs", iscs });
  }

  expectSession(): void {
    this.#words.expectSession();
  }

  addSession(pid: number | undefined): boolean {
    return this.#words.addSession(pid);
  }

  removeSession(pid: number): void {
    this.#words.removeSession(pid);
  }

  /** Its own words come first: the thread listens before it judges what it does not know. */
  #say(word: GateWord): void {
    if (this.#state !== "open") return;
    this.#worker.postMessage(word);
    writeSync(this.#wake, new Uint8Array(new BigUint64Array([1n]).buffer));
  }

  #hear(told: GateTold): void {
    if (told.kind === "denied") this.#callbacks.onDenied(told.denial);
    else if (told.kind === "further") this.#callbacks.onFurther(told.isc, told.count);
    else this.#end(told.reason);
  }

  #look(): void {
    if (this.#words.busySeconds() <= longestAnswerSeconds) return;
    this.#end(`its thread has not answered for ${longestAnswerSeconds} s`);
  }

  /** The last reference to the group: the kernel answers whatever still waits with yes (fanotify_release in fs/notify/fanotify). */
  #end(reason: string): void {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    clearInterval(this.#timer);
    closeSync(this.#group);
    this.#worker.terminate().then(() => closeSync(this.#wake));
    if (wasOpen) this.#callbacks.onEnd(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state !== "open") return;
    this.#say({ kind: "stop" });
    this.#state = "ending";
    this.#worker.ref();
    const patience = new Promise((resolve) => setTimeout(resolve, endPatienceMs));
    await Promise.race([this.#worker.threadId === -1 ? undefined : once(this.#worker, "exit"), patience]);
    this.#end("asked to");
  }
}
