/**
 * The thread of the exec gate: asleep until a program is about to run on a marked file system or its owner has a word for it, and never
 * waiting for anybody else. It opens no file on an image, which would have it wait for its own answer.
 */
import { createHash } from "node:crypto";
import { fstatSync, readSync } from "node:fs";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { reasonOf } from "../base/reason-of.ts";
import type { Denial, GateStart, GateTold, GateWord } from "./exec-gate.ts";
import { type Caller, findFilePath, findProgram, findProgramPath, readArguments, readCaller } from "./exec-gate-caller.ts";
import { type DenialReason, decide, type GateFile, type GateIsc, indexImage, type KnownImage } from "./exec-gate-rules.ts";
import { SharedWords } from "./exec-gate-shared.ts";
import { answerQuestion, ignoreFile, type Question, questionsBytes, readQuestions } from "./kernel/fanotify.ts";
import { callLibc, hasErrorCode } from "./kernel/libc.ts";

const POLLIN = 1;
const PRIO_PROCESS = 0;
/** Nice value of this thread alone (setpriority(2), "C library/kernel differences"). */
const priority = -15;
/** Larger ones are believed: their image's digest was compared when it was mounted, and others wait while this one is read. */
const largestRead = 64 * 1024 * 1024;
const chunkBytes = 1024 * 1024;
/** Denials of one ISC told in full within a second; further ones are counted. */
const mostTold = 50;
const mostAncestors = 64;

class Gate {
  readonly #group: number;
  readonly #wake: number;
  readonly #shared: SharedWords;
  readonly #images = new Map<number, KnownImage & { readonly read: Set<number> }>();
  #iscs: readonly GateIsc[] = [];
  readonly #told = new Map<string, number>();
  readonly #untold = new Map<string, number>();
  #countedSince = 0;
  readonly #buffer = Buffer.alloc(questionsBytes);
  readonly #chunk = Buffer.allocUnsafe(chunkBytes);

  constructor({ group, wake, shared }: GateStart) {
    this.#group = group;
    this.#wake = wake;
    this.#shared = new SharedWords(shared);
  }

  runUntilStopped(): void {
    for (;;) {
      const hasWord = this.#sleep();
      if (hasWord && this.#listen() === "stop") return;
      const questions = readQuestions(this.#group, this.#buffer);
      this.#shared.beginWork();
      for (const question of questions) this.#answer(question);
      this.#shared.endWork();
      this.#tellCounts();
    }
  }

  /** @returns whether the owner has something to say */
  #sleep(): boolean {
    const asked = Buffer.alloc(16);
    for (const [position, fd] of [this.#wake, this.#group].entries()) {
      asked.writeInt32LE(fd, position * 8);
      asked.writeInt16LE(POLLIN, position * 8 + 4);
    }
    try {
      const timeoutMs = this.#untold.size > 0 ? 1_000 : -1;
      callLibc("int poll(void *fds, unsigned long count, int timeout)", [asked, 2, timeoutMs], () => "wait for fanotify");
    } catch (error) {
      if (!hasErrorCode(error, "EINTR")) throw error;
    }
    if ((asked.readInt16LE(14) & ~POLLIN) !== 0) throw new Error("fanotify has ended");
    return asked.readInt16LE(6) !== 0;
  }

  #listen(): "stop" | undefined {
    callLibc("long read(int fd, void *bytes, size_t length)", [this.#wake, Buffer.alloc(8), 8], () => "read an eventfd");
    return this.#takeWords();
  }

  #takeWords(): "stop" | undefined {
    for (;;) {
      // From startExecGate alone.
      const word = (parentPort && receiveMessageOnPort(parentPort)?.message) as GateWord | undefined;
      if (!word) return undefined;
      if (word.kind === "stop") return "stop";
      if (word.kind === "iscs") this.#iscs = word.iscs;
      else if (word.kind === "image") this.#images.set(word.image.device, { ...indexImage(word.image), read: new Set() });
      else this.#images.delete(word.device);
    }
  }

  /** Whatever goes wrong with one question, it is answered: a file that cannot be judged does not run. */
  #answer(question: Question): void {
    let allow = false;
    try {
      allow = this.#judge(question);
    } finally {
      answerQuestion(this.#group, question, allow);
    }
  }

  #judge(question: Question): boolean {
    const caller = readCaller(question.tid);
    // Killed while it waited: it runs nothing any more.
    if (!caller) return false;
    if (caller.pid === process.pid) return true;
    const { dev, ino } = fstatSync(question.file);
    let [isc, image] = [this.#find(caller), this.#images.get(dev)];
    if (!isc || !image) {
      this.#takeWords();
      [isc, image] = [this.#find(caller), this.#images.get(dev)];
    }
    // The host's own programs are not the gate's business.
    if (!isc) return true;
    const asked = { kind: question.kind, image, inode: ino, caller: findProgram(caller.tid), isFirst: caller.isFirst };
    const decision = decide(asked);
    if (!decision.allow) return this.#refuse({ question, caller, isc, image, inode: ino, reason: decision.reason });
    if (decision.file && image && !this.#isAsRecorded(question.file, decision.file, image.read))
      return this.#refuse({ question, caller, isc, image, inode: ino, reason: "changed" });
    if (decision.remember) ignoreFile(this.#group, question.file);
    return true;
  }

  #find({ uid }: Caller): GateIsc | undefined {
    return this.#iscs.find(({ uidBase, uidCount }) => uid >= uidBase && uid < uidBase + uidCount);
  }

  /** Read once for each mount of its image. */
  #isAsRecorded(file: number, { inode, sha256, sizeBytes }: GateFile, read: Set<number>): boolean {
    if (read.has(inode)) return true;
    if (fstatSync(file).size !== sizeBytes) return false;
    if (sizeBytes <= largestRead && this.#hash(file) !== sha256) return false;
    read.add(inode);
    return true;
  }

  #hash(file: number): string {
    const hash = createHash("sha256");
    for (let position = 0; ; ) {
      const length = readSync(file, this.#chunk, 0, chunkBytes, position);
      if (length === 0) return hash.digest("hex");
      hash.update(this.#chunk.subarray(0, length));
      position += length;
    }
  }

  #refuse(refused: Refused): boolean {
    const { caller, isc, reason } = refused;
    // No operator's word makes content good that was never sealed.
    const isLoosened = reason === "not-named" || reason === "not-now" || reason === "loaded";
    if (isLoosened && this.#isAdmin(caller)) return true;
    this.#count(isc.name);
    if ((this.#told.get(isc.name) ?? 0) <= mostTold) this.#tell({ kind: "denied", denial: describe(refused) });
    else this.#untold.set(isc.name, (this.#untold.get(isc.name) ?? 0) + 1);
    return false;
  }

  /** Whether an operator's `exec --admin` is among its ancestors. */
  #isAdmin(caller: Caller): boolean {
    const sessions = this.#shared.sessions();
    if (sessions.size === 0) return false;
    let pid = caller.pid;
    for (let step = 0; step < mostAncestors && pid > 1; step++) {
      if (sessions.has(pid)) return true;
      pid = readCaller(pid)?.parentPid ?? 0;
    }
    return false;
  }

  #count(name: string): void {
    const now = performance.now();
    if (now - this.#countedSince > 1_000) {
      this.#told.clear();
      this.#countedSince = now;
    }
    this.#told.set(name, (this.#told.get(name) ?? 0) + 1);
  }

  #tellCounts(): void {
    if (this.#untold.size === 0 || performance.now() - this.#countedSince < 1_000) return;
    for (const [isc, count] of this.#untold) this.#tell({ kind: "further", isc, count });
    this.#untold.clear();
  }

  #tell(told: GateTold): void {
    parentPort?.postMessage(told);
  }
}

interface Refused {
  readonly question: Question;
  readonly caller: Caller;
  readonly isc: GateIsc;
  readonly image: KnownImage | undefined;
  readonly inode: number;
  readonly reason: DenialReason;
}

function describe({ question, caller, isc, image, inode, reason }: Refused): Denial {
  return {
    isc: isc.name,
    reason,
    path: image?.programs.get(inode)?.path ?? findFilePath(question.file),
    pid: caller.pid,
    program: findProgramPath(caller.pid),
    parentPid: caller.parentPid,
    parent: findProgramPath(caller.parentPid),
    uid: caller.uid - isc.uidBase,
    arguments: isc.isReadable ? readArguments(caller.tid) : [],
  };
}

/** Whoever waits for it waits in an execution: on a busy machine it goes before what is merely at work. */
function goFirst(): void {
  try {
    callLibc("int setpriority(int which, unsigned int who, int priority)", [PRIO_PROCESS, 0, priority], () => "raise a thread's priority");
  } catch {
    // Root of a container may not.
  }
}

function run(): void {
  goFirst();
  // What startExecGate hands over.
  const start = workerData as GateStart;
  try {
    new Gate(start).runUntilStopped();
  } catch (error) {
    parentPort?.postMessage({ kind: "failed", reason: reasonOf(error) } satisfies GateTold);
  }
}

run();
