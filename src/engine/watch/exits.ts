/** Tells when an ISC's process 1 ends though nobody asked it to. One poll(2) a few times a second serves all ISCs. */
import { hasErrorCode } from "../../host/kernel/libc.ts";
import type { Name } from "../../model/name.ts";
import { describeExit, findExitSignal } from "../../plan/watch/exit-words.ts";
import type { Engine } from "../engine.ts";
import { lastLogLines } from "../last-log-lines.ts";
import { findExitCode, findProcess } from "../parts/process.ts";
import type { Watched } from "./watcher.ts";

const everyMs = 200;
/** How long conmon gets to write down how it ended. */
const exitFilePatienceMs = 1_000;
const longestLine = 500;

export async function startExits(engine: Engine): Promise<AsyncDisposable> {
  const exits = new Exits(engine);
  engine.watchers.add({
    name: "exits",
    onStarted: (watched) => exits.follow(watched),
    onStopping: (name) => exits.leave(name),
    onStopped: (name) => exits.leave(name),
  });
  return { [Symbol.asyncDispose]: async () => exits.end() };
}

class Exits {
  readonly #engine: Engine;
  readonly #followed = new Map<Name, { readonly descriptor: number; readonly watched: Watched }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  follow(watched: Watched): void {
    const { name } = watched.record;
    this.leave(name);
    const live = findProcess(this.#engine, name);
    const descriptor = live && this.#open(live.pid);
    if (descriptor === undefined) return void this.#tell(watched);
    this.#followed.set(name, { descriptor, watched });
    this.#timer ??= setInterval(() => this.#look(), everyMs).unref();
  }

  leave(name: Name): void {
    const followed = this.#followed.get(name);
    if (!followed) return;
    this.#followed.delete(name);
    this.#engine.host.kernel.pidfd.closePidfd(followed.descriptor);
    if (this.#followed.size === 0) this.#rest();
  }

  end(): void {
    for (const name of [...this.#followed.keys()]) this.leave(name);
    this.#rest();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #open(pid: number): number | undefined {
    try {
      return this.#engine.host.kernel.pidfd.openPidfd(pid);
    } catch (error) {
      if (hasErrorCode(error, "ESRCH")) return undefined;
      throw error;
    }
  }

  #look(): void {
    const ended = new Set(this.#engine.host.kernel.pidfd.listExited([...this.#followed.values()].map(({ descriptor }) => descriptor)));
    if (ended.size === 0) return;
    for (const { descriptor, watched } of [...this.#followed.values()]) {
      if (!ended.has(descriptor)) continue;
      this.leave(watched.record.name);
      void this.#tell(watched);
    }
  }

  async #tell({ record }: Watched): Promise<void> {
    await this.#engine.watchers.exited(record.name);
    const exitCode = await this.#awaitExitCode(record.name);
    const lines = await lastLogLines(this.#engine, record.name, 1).catch(() => []);
    const lastLine = lines[0]?.slice(0, longestLine);
    const signal = exitCode === undefined ? undefined : findExitSignal(exitCode);
    this.#engine.events.emit({
      sensor: "health",
      severity: "alert",
      kind: "health.exited",
      message: describeExit(exitCode) + (lastLine === undefined ? "" : `; its last line: ${lastLine}`),
      isc: record.name,
      image: record.image,
      facts: {
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(signal === undefined ? {} : { signal }),
        ...(lastLine === undefined ? {} : { lastLine }),
      },
    });
  }

  async #awaitExitCode(name: Name): Promise<number | undefined> {
    const deadline = this.#engine.host.monotonic() + exitFilePatienceMs;
    for (;;) {
      const exitCode = findExitCode(this.#engine, name);
      if (exitCode !== undefined || this.#engine.host.monotonic() > deadline) return exitCode;
      await this.#engine.host.sleep(20);
    }
  }
}
