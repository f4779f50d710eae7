/** The folder of one bench run, and everything that must be undone at its end: also when it was broken off. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { reasonOf } from "../../src/base/reason-of.ts";

export class Area implements AsyncDisposable {
  readonly path = mkdtempSync("/var/tmp/isc-bench-");
  readonly #undo = new AsyncDisposableStack();
  #ended: Promise<void> | undefined;

  constructor() {
    // Processes of ISCs walk to their root as users of their own.
    chmodSync(this.path, 0o711);
    this.onEnd(() => rmSync(this.path, { recursive: true, force: true }));
  }

  /** Last in, first out. A step that fails is told and does not keep the others from being taken. */
  onEnd(undo: () => unknown): void {
    this.#undo.defer(async () => {
      try {
        await undo();
      } catch (error) {
        process.stderr.write(`bench: while cleaning up: ${reasonOf(error)}\n`);
      }
    });
  }

  directory(...names: readonly string[]): string {
    const directory = path.join(this.path, ...names);
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    return directory;
  }

  /** Throws Error once the end has begun: nothing more may be made then. */
  assertOpen(): void {
    if (this.#ended !== undefined) throw new Error("broken off");
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= this.#undo.disposeAsync();
    return this.#ended;
  }
}
