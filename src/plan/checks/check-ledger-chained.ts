/** ledger.chained: the hash chain of the dock's record is whole, as far as it was read. */
import { type Answer, fail, pass, skip } from "./answer.ts";
import type { IscFacts } from "./facts.ts";

export function checkLedgerChained({ ledger }: IscFacts): Answer {
  if ("unseen" in ledger) return skip(ledger.unseen);
  const { first, head, signedUpTo, faults } = ledger.seen;
  const [fault, ...others] = faults;
  if (fault === undefined) return pass(`events ${first} to ${head.seq} are chained by SHA-256 and signed up to ${signedUpTo}`);
  return fail(`${fault.segment} line ${fault.line}: ${fault.what}${others.length === 0 ? "" : ` (and ${others.length} more)`}`);
}
