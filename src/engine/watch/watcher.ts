/** What a sensor gets to know of the life of ISCs. Each is a small module; one that fails or is missing leaves the others alone. */
import type { Manifest } from "../../model/image.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";

export interface Watched {
  /** Its name is that of the instance (model/instance.ts): `web`, or `web.7` after a cleanse. Events that carry it are told under `web`. */
  readonly record: IscRecord;
  readonly manifest: Manifest;
}

export interface Watcher {
  readonly name: string;
  /** Everything of the ISC is there but its processes; they start when every watcher is done. Also called, after a restart of the dock, for what runs. */
  onStarting?(watched: Watched): void | Promise<void>;
  /** Its processes run. */
  onStarted?(watched: Watched): void | Promise<void>;
  /** Process 1 has ended though nobody asked it to; its parts stay. */
  onExited?(name: Name): void | Promise<void>;
  /** Its processes are about to be ended by the dock: an end from here on is no surprise. */
  onStopping?(name: Name): void | Promise<void>;
  /** Its processes have ended; its parts are about to go. */
  onStopped?(name: Name): void | Promise<void>;
}

/** The watchers of one dock. An error of one is handed to `onError` and holds up nobody. */
export class Watchers {
  readonly #watchers: Watcher[] = [];
  readonly #partsOf: (name: Name) => Name;
  readonly #onError: (watcher: string, error: unknown) => void;

  /** @param partsOf under which name a watcher knows an instance from its start to its end, whoever has the ISC's name meanwhile */
  constructor(partsOf: (name: Name) => Name, onError: (watcher: string, error: unknown) => void) {
    this.#partsOf = partsOf;
    this.#onError = onError;
  }

  add(watcher: Watcher): void {
    this.#watchers.push(watcher);
  }

  starting(watched: Watched): Promise<void> {
    return this.#tell((watcher) => watcher.onStarting?.(this.#asKnown(watched)));
  }

  started(watched: Watched): Promise<void> {
    return this.#tell((watcher) => watcher.onStarted?.(this.#asKnown(watched)));
  }

  /** @param name as watchers know it */
  exited(name: Name): Promise<void> {
    return this.#tell((watcher) => watcher.onExited?.(name));
  }

  stopping(name: Name): Promise<void> {
    return this.#tell((watcher) => watcher.onStopping?.(this.#partsOf(name)));
  }

  stopped(name: Name): Promise<void> {
    return this.#tell((watcher) => watcher.onStopped?.(this.#partsOf(name)));
  }

  #asKnown({ record, manifest }: Watched): Watched {
    return { record: { ...record, name: this.#partsOf(record.name) }, manifest };
  }

  async #tell(tell: (watcher: Watcher) => void | Promise<void>): Promise<void> {
    await Promise.all(
      this.#watchers.map(async (watcher) => {
        try {
          await tell(watcher);
        } catch (error) {
          this.#onError(watcher.name, error);
        }
      }),
    );
  }
}
