/** One thing the dock found the host able or unable to do. */

export interface Capability {
  /** Stable name, e.g. "fs-verity". */
  readonly name: string;
  readonly present: boolean;
  /** What was seen, e.g. "kernel 6.18 without CONFIG_FS_VERITY". */
  readonly detail: string;
}
