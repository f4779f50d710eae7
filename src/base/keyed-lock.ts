/** Lets one thing happen at a time for each key, in the order asked. */

export class KeyedLock {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Something happens for this key, or waits to. */
  isHeld(key: string): boolean {
    return this.#tails.has(key);
  }

  /** Runs `work` once everything asked before for this key has ended, however it ended. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const result = before.then(work, work);
    const tail = result.catch(() => undefined);
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    return result;
  }
}
