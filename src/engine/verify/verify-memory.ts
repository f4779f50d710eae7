/** What verify learns once and may believe for as long as nothing about it has changed. */
import type { FileStatus } from "../../host/host.ts";
import type { ImageFileSummary } from "../../plan/checks/facts.ts";

interface Remembered<T> {
  readonly stamp: string;
  readonly value: T;
}

export class VerifyMemory {
  /** Digest of an image file, by its path. */
  readonly digests = new StampedMap<string>();
  /** What an image's files.jsonl says, by its path. */
  readonly fileLists = new StampedMap<ImageFileSummary>();
  /** Text of each part of the dock's firewall table as it is right after loading. */
  firewallReference: ReadonlyMap<string, string> | undefined;
}

/** Values that hold for a file as long as the kernel says it is the same file, unchanged. */
class StampedMap<T> {
  readonly #values = new Map<string, Remembered<T>>();

  find(path: string, status: FileStatus): T | undefined {
    const known = this.#values.get(path);
    return known?.stamp === stampOf(status) ? known.value : undefined;
  }

  forget(path: string): void {
    this.#values.delete(path);
  }

  set(path: string, status: FileStatus, value: T): void {
    this.#values.set(path, { stamp: stampOf(status), value });
  }
}

/** The change time cannot be set back by any program, short of changing the clock or writing to the disk below the file system. */
function stampOf({ device, inode, sizeBytes, modifiedMs, changedMs }: FileStatus): string {
  return [device, inode, sizeBytes, modifiedMs, changedMs].join(" ");
}
