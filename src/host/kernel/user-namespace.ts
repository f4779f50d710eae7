/**
 * User namespaces for idmapped mounts. A process with several threads cannot make one for itself (unshare(2)),
 * so a few spare children wait, each in a new user namespace with no ids mapped yet.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, writeFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";

const REFILL_DELAY_MS = 1_000;
/** Namespaces kept for ranges that were asked for before: an ISC that starts again needs the same one. */
const KEPT = 512;

type Spare = ChildProcessByStdio<Writable, Readable, null>;

export type IdMap = {
  /** The first id as seen inside. */
  readonly insideId: number;
  /** The first id on the host. */
  readonly hostId: number;
  readonly count: number;
};

/** Hands out user namespaces. The children end when this process does: they read a pipe that only it holds open. */
export class UserNamespacePool {
  readonly #size: number;
  readonly #spares: Promise<Spare>[] = [];
  readonly #children = new Set<Spare>();
  readonly #kept = new Map<string, number>();
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  /** `size` is the number of spare namespaces kept ready. */
  constructor(size = 2) {
    this.#size = size;
    this.#refill();
  }

  /**
   * A descriptor of a user namespace with this map for users and groups; the caller closes it.
   * Needs root. Rejects with the error of node:fs (EINVAL, EPERM) when the kernel refuses the map; see user_namespaces(7).
   */
  async take(map: IdMap): Promise<number> {
    if (this.#closed) throw new Error("the user namespace pool is closed");
    const child = await (this.#spares.shift() ?? this.#start());
    this.#refillSoon();
    try {
      const line = `${map.insideId} ${map.hostId} ${map.count}\n`;
      writeFileSync(`/proc/${child.pid}/uid_map`, line);
      writeFileSync(`/proc/${child.pid}/gid_map`, line);
      return openSync(`/proc/${child.pid}/ns/user`, "r");
    } finally {
      child.kill("SIGKILL");
    }
  }

  /** Lends the descriptor of such a namespace for the length of `use`. One with the same map is used again. */
  async lend<T>(map: IdMap, use: (fd: number) => Promise<T>): Promise<T> {
    const key = `${map.insideId} ${map.hostId} ${map.count}`;
    const fd = this.#kept.get(key) ?? (await this.take(map));
    // The last used comes last, so the first is the one to give up.
    this.#kept.delete(key);
    this.#kept.set(key, fd);
    try {
      return await use(fd);
    } finally {
      this.#giveUpOldest();
    }
  }

  #giveUpOldest(): void {
    const [oldest] = this.#kept.size > KEPT ? this.#kept : [];
    if (!oldest) return;
    this.#kept.delete(oldest[0]);
    closeSync(oldest[1]);
  }

  /** Ends the spare children and waits until they are gone. Safe to repeat. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const fd of this.#kept.values()) closeSync(fd);
    this.#kept.clear();
    await Promise.allSettled(this.#spares.splice(0));
    await Promise.all([...this.#children].map(endChild));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Starting a child holds up the main thread for milliseconds: not while whoever took one is busy with it. */
  #refillSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#refill(this.#spares.length + 1);
      if (this.#spares.length < this.#size) this.#refillSoon();
    }, REFILL_DELAY_MS).unref();
  }

  #refill(upTo = this.#size): void {
    while (!this.#closed && this.#spares.length < upTo) {
      const spare = this.#start();
      // Its taker hears of the failure; nobody else waits for it.
      spare.catch(() => {});
      this.#spares.push(spare);
    }
  }

  /** The child echoes one byte once `unshare` has become `cat`, that is, once it is inside its namespace. */
  async #start(): Promise<Spare> {
    const child = spawn("/usr/bin/unshare", ["--user", "--", "/usr/bin/cat"], {
      stdio: ["pipe", "pipe", "ignore"],
      env: { LC_ALL: "C" },
      cwd: "/",
      detached: true,
    });
    this.#children.add(child);
    const ended = once(child, "close").finally(() => this.#children.delete(child));
    ended.catch(() => {});
    child.stdin.on("error", () => {});
    const ready = once(child.stdout, "data");
    child.stdin.write("\n");
    const first = await Promise.race([ready, ended.then(([code]) => Number(code ?? -1))]);
    if (typeof first === "number") throw new Error(`cannot make a user namespace: unshare exited with ${first}`);
    letGo(child);
    return child;
  }
}

/** A waiting child must not keep the event loop of its parent alive. */
function letGo(child: Spare): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout]) {
    if ("unref" in stream && typeof stream.unref === "function") stream.unref();
  }
}

async function endChild(child: Spare): Promise<void> {
  child.ref();
  // "close" waits for its output too, which letGo took out of the event loop.
  if ("ref" in child.stdout && typeof child.stdout.ref === "function") child.stdout.ref();
  const ended = once(child, "close");
  child.kill("SIGKILL");
  await ended;
}
