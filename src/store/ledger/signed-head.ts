/**
 * A signed head: an event in which the dock signs the number and the hash of the event before it. Whoever holds a copy of it can prove
 * everything up to there, also against somebody who can write the ledger and compute its chain anew.
 */
import type { Event, EventDraft } from "../../model/event.ts";
import type { LedgerHead } from "../../model/ledger.ts";
import type { Signature } from "../key-store.ts";

export interface SignedHead extends LedgerHead {
  readonly keyId: string;
  readonly signature: Uint8Array;
}

const kind = "ledger.signed";

/** What is signed. */
export function headMessage({ seq, hash }: LedgerHead): Uint8Array {
  return Buffer.from(`isc ledger 1\n${seq}\n${hash}\n`);
}

export function renderSignedHead(head: LedgerHead, sign: (message: Uint8Array) => Signature): EventDraft {
  const { keyId, bytes } = sign(headMessage(head));
  return {
    sensor: "dock",
    severity: "info",
    kind,
    message: `the ledger is signed up to event ${head.seq}`,
    facts: { seq: head.seq, hash: head.hash, keyId, signature: bytes.toString("base64") },
  };
}

/** @returns undefined for any other event */
export function parseSignedHead({ kind: found, facts }: Pick<Event, "kind" | "facts">): SignedHead | undefined {
  if (found !== kind) return undefined;
  const { seq, hash, keyId, signature } = facts;
  if (typeof seq !== "number" || typeof hash !== "string" || typeof keyId !== "string" || typeof signature !== "string") return undefined;
  return { seq, hash, keyId, signature: Buffer.from(signature, "base64") };
}
