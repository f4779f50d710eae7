/** What this dock has measured itself, so that an unchanged file is not read again at every start. In memory only: nobody can write it. */
import type { FileStatus } from "../../host/host.ts";

interface Measured {
  readonly mark: string;
  readonly digest: string;
}

export class SealCache {
  readonly #known = new Map<string, Measured>();

  /** The digest last measured at this path, if the file has not been touched since. */
  find(path: string, status: FileStatus): string | undefined {
    const known = this.#known.get(path);
    return known?.mark === markOf(status) ? known.digest : undefined;
  }

  /** @param status taken before measuring: a change meanwhile then shows */
  remember(path: string, status: FileStatus, digest: string): void {
    this.#known.set(path, { mark: markOf(status), digest });
  }

  forget(path: string): void {
    this.#known.delete(path);
  }
}

/** Every write through the file system changes the time of change, which no program can set. */
function markOf({ device, inode, sizeBytes, modifiedMs, changedMs }: FileStatus): string {
  return [device, inode, sizeBytes, modifiedMs, changedMs].join(" ");
}
