/** What is known of the ledger after it was read: where it ends, how far it is proven, and what is wrong with it. */

export interface LedgerHead {
  readonly seq: number;
  /** Of the event's line; the next one is chained to it. */
  readonly hash: string;
}

/** One sentence about one place. */
export interface LedgerFault {
  /** The file, and the line in it from 1. */
  readonly segment: string;
  readonly line: number;
  readonly what: string;
}

export interface LedgerAuditReport {
  /** The oldest event read. */
  readonly first: number;
  /** The last event read; number 0 when there is none. */
  readonly head: LedgerHead;
  readonly count: number;
  /** Everything up to this event is proven by a good signature. */
  readonly signedUpTo: number;
  readonly faults: readonly LedgerFault[];
}

/** Of a whole ledger. */
export interface LedgerReport extends LedgerAuditReport {
  readonly directory: string;
  readonly segments: number;
}
