/** A few numbers that the dock and the gate's thread both see, without a message that one of them would have to be awake for. */

const sessionsAt = 2;
const mostSessions = 64;
const busySince = 0;
const openings = 1;
/** How long a program may wait for the dock to say which process it has just started. */
const openingPatienceMs = 200;

export class SharedWords {
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  static create(): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * (sessionsAt + mostSessions));
  }

  beginWork(): void {
    Atomics.store(this.#words, busySince, seconds());
  }

  endWork(): void {
    Atomics.store(this.#words, busySince, 0);
  }

  /** 0 while the thread sleeps. */
  busySeconds(): number {
    const since = Atomics.load(this.#words, busySince);
    return since === 0 ? 0 : seconds() - since;
  }

  /** Between this and `addSession` the process is there and its number not yet known. */
  expectSession(): void {
    Atomics.add(this.#words, openings, 1);
  }

  /** @param pid undefined when it was not started. @returns false when there are too many */
  addSession(pid: number | undefined): boolean {
    let added = pid === undefined;
    for (let at = sessionsAt; !added && at < sessionsAt + mostSessions; at++)
      added = Atomics.compareExchange(this.#words, at, 0, pid ?? 0) === 0;
    Atomics.sub(this.#words, openings, 1);
    Atomics.notify(this.#words, openings);
    return added;
  }

  removeSession(pid: number): void {
    for (let at = sessionsAt; at < sessionsAt + mostSessions; at++) Atomics.compareExchange(this.#words, at, pid, 0);
  }

  /** Processes whose descendants an operator answers for. */
  sessions(): ReadonlySet<number> {
    const deadline = performance.now() + openingPatienceMs;
    for (let open = Atomics.load(this.#words, openings); open > 0; open = Atomics.load(this.#words, openings)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || Atomics.wait(this.#words, openings, open, leftMs) === "timed-out") break;
    }
    return new Set(this.#words.subarray(sessionsAt).filter((pid) => pid > 0));
  }
}

function seconds(): number {
  return Math.max(1, Math.floor(Date.now() / 1_000) & 0x7fff_ffff);
}
