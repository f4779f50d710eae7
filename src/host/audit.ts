/** The kernel's audit records of some processes, read in a thread of their own. auditd, where one runs, gets them all the same. */
import type { AuditLimit, LimitedEvent } from "./kernel/audit/audit-limits.ts";
import { type ListenerCallbacks, startListenerThread } from "./listener-thread.ts";

export interface AuditOptions {
  /** Login ids from which to which are ours; each is an owner by itself. */
  readonly loginUids: IdSpan;
  /** Those of all docks: what one of another dock does is never ours, whatever uid it has. */
  readonly allLoginUids: IdSpan;
  /** Host uids from which to which are ours, in ranges of `uidsEach`: for processes without our login id. */
  readonly uids: IdSpan;
  readonly uidsEach: number;
  readonly limit: AuditLimit;
  /** Programs whose calls are the dock's own, before an ISC's first program runs. */
  readonly ignoredPrograms: readonly string[];
}

export interface IdSpan {
  readonly first: number;
  readonly count: number;
}

export interface AuditBatch {
  /** The slot of each is its number within `loginUids` or `uids`. */
  readonly events: readonly (LimitedEvent & { readonly slot: number })[];
  /** Beyond the limit, by slot. */
  readonly dropped: Readonly<Record<string, number>>;
  /** How often the kernel had no room for more. */
  readonly lost: number;
  /** Keys of rules that somebody added or deleted, as the kernel tells. */
  readonly changedKeys: readonly string[];
}

/** Throws Error when audit cannot be read: not in this kernel, or not from this container. */
export function startAudit(options: AuditOptions, callbacks: ListenerCallbacks<AuditBatch>): Promise<AsyncDisposable> {
  return startListenerThread(new URL("./audit-worker.ts", import.meta.url), options, callbacks);
}
