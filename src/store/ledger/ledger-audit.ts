/**
 * Reads a ledger line by line and says what has been done to it: which event was changed, taken out, put in or moved, and what a signature
 * no longer fits. Pure: lines in, faults out.
 */
import type { Event } from "../../model/event.ts";
import type { LedgerAuditReport, LedgerFault, LedgerHead } from "../../model/ledger.ts";
import { chainHash, genesisHash, parseChained, splitLedgerLine } from "./ledger-line.ts";
import { parseSignedHead, type SignedHead } from "./signed-head.ts";

/** Answers whether a trusted key has signed this head. */
export type IsSigned = (head: SignedHead) => boolean;

type Chained = Pick<Event, "seq" | "kind" | "facts">;

const mostFaults = 100;

export class LedgerAudit {
  readonly #isSigned: IsSigned;
  readonly #faults: LedgerFault[] = [];
  readonly #missing = new Set<number>();
  #first = 0;
  #seq = 0;
  #hash = genesisHash;
  #count = 0;
  #signedUpTo = 0;
  #segment = "";
  #line = 0;

  /** @param from a head that is believed: the audit goes on behind it */
  constructor(isSigned: IsSigned, from?: LedgerHead) {
    this.#isSigned = isSigned;
    if (from === undefined) return;
    this.#first = 1;
    this.#seq = from.seq;
    this.#hash = from.hash;
  }

  /** @param first the number that the file's name promises */
  startSegment(name: string, first: number): void {
    this.#segment = name;
    this.#line = 0;
    if (this.#first !== 0 && first > this.#seq + 1)
      this.#fault(`events ${this.#seq + 1} to ${first - 1} are missing: a segment was taken away`);
    if (this.#first !== 0 && first !== this.#seq + 1) this.#seq = first - 1;
  }

  take(text: string): void {
    this.#line++;
    this.#count++;
    const parts = splitLedgerLine(text);
    const event = parts && parseChained(parts.body);
    if (parts === undefined || event === undefined) {
      this.#fault(`event ${this.#seq + 1} cannot be read`);
      this.#seq++;
      this.#hash = parts?.hash ?? this.#hash;
      return;
    }
    if (this.#first === 0) this.#begin(event);
    this.#follow(event, parts.body, parts.hash);
  }

  /** What stands before the oldest event that is kept, only a signature can tell. */
  #begin(event: Chained): void {
    const signed = parseSignedHead(event);
    this.#first = event.seq;
    this.#seq = event.seq - 1;
    if (signed !== undefined && signed.seq === this.#seq) this.#hash = signed.hash;
    else if (event.seq !== 1)
      this.#fault(`the oldest event ${event.seq} does not tell what stood before it: its segment's beginning was taken away`);
  }

  #follow(event: Chained, body: string, hash: string): void {
    const expected = this.#seq + 1;
    if (event.seq < expected) {
      this.#fault(
        this.#missing.delete(event.seq)
          ? `event ${event.seq} has been moved behind event ${this.#seq}`
          : `event ${event.seq} stands here a second time`,
      );
      return;
    }
    for (let seq = expected; seq < event.seq && this.#missing.size < mostFaults; seq++) this.#missing.add(seq);
    if (event.seq > expected) this.#fault(`before event ${event.seq}, ${renderRange(expected, event.seq - 1)} missing`);
    else if (chainHash(this.#hash, body) !== hash)
      this.#fault(`event ${event.seq} has been changed, or event ${event.seq - 1} before it was replaced`);
    this.#checkSignature(event);
    this.#seq = event.seq;
    this.#hash = hash;
  }

  #checkSignature(event: Chained): void {
    const head = parseSignedHead(event);
    if (head === undefined) return;
    if (head.seq !== this.#seq || head.hash !== this.#hash) {
      this.#fault(
        `the head signed in event ${event.seq} is not the one before it: something since event ${this.#signedUpTo} was rewritten`,
      );
    } else if (this.#isSigned(head)) this.#signedUpTo = head.seq;
    else this.#fault(`the head in event ${event.seq} is not signed by a trusted key`);
  }

  get report(): LedgerAuditReport {
    return {
      first: this.#first,
      head: { seq: this.#seq, hash: this.#hash },
      count: this.#count,
      signedUpTo: this.#signedUpTo,
      faults: this.#faults,
    };
  }

  #fault(what: string): void {
    if (this.#faults.length < mostFaults) this.#faults.push({ segment: this.#segment, line: this.#line, what });
  }
}

function renderRange(from: number, to: number): string {
  return from === to ? `event ${from} is` : `events ${from} to ${to} are`;
}
