/** What a long operation tells while it works. */
export interface Progress {
  /** A step's stable name, e.g. "packages". */
  readonly step: string;
  /** What a person reads, e.g. "installing nginx-light and 12 dependencies". */
  readonly text: string;
  /** Position among the steps, from 1, where the number is known. */
  readonly index?: number;
  readonly total?: number;
  /** Set on the event that ends the step. */
  readonly tookMs?: number;
  /** The step's result was already there. */
  readonly cached?: boolean;
}

export type ReportProgress = (progress: Progress) => void;
