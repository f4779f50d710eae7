/**
 * One line of the ledger: an event as JSON, with the hash that chains it to the line before. The hash is SHA-256 over the hash before,
 * a newline, and the event's JSON without its hash: whoever changes, removes, inserts or moves a line breaks the chain there.
 */
import { hash } from "node:crypto";
import { Event } from "../../model/event.ts";

/** What the first line of a ledger is chained to. */
export const genesisHash = "0".repeat(64);

/** The hash comes last in the line, so that everything before it is what was hashed. */
const tail = /,"hash":"([0-9a-f]{64})"\}$/;

export interface LedgerLine {
  readonly event: Event;
  readonly hash: string;
}

/** @returns the line without its newline, and its hash */
export function renderLedgerLine(event: Event, previousHash: string): { readonly text: string; readonly hash: string } {
  const body = JSON.stringify(event);
  const hash = chainHash(previousHash, body);
  return { text: `${body.slice(0, -1)},"hash":"${hash}"}`, hash };
}

/** The parts of a line as it stands in the file; undefined when it is no line of a ledger. The hash is the one it claims. */
export function splitLedgerLine(text: string): { readonly body: string; readonly hash: string } | undefined {
  const hash = tail.exec(text)?.[1];
  return hash === undefined ? undefined : { body: `${text.slice(0, text.length - hash.length - `,"hash":""}`.length)}}`, hash };
}

/** Only what chains a line to others: a million of them are read in seconds. @returns undefined when the text is no event */
export function parseChained(body: string): Pick<Event, "seq" | "kind" | "facts"> | undefined {
  try {
    const event: Partial<Event> = JSON.parse(body);
    const { seq, kind, facts } = event;
    return typeof seq === "number" && typeof kind === "string" && typeof facts === "object" ? { seq, kind, facts } : undefined;
  } catch {
    return undefined;
  }
}

/** @returns undefined when the text is no event */
export function parseLedgerLine(text: string): LedgerLine | undefined {
  const parts = splitLedgerLine(text);
  if (parts === undefined) return undefined;
  try {
    const event = Event.safeParse(JSON.parse(parts.body));
    return event.success ? { event: event.data, hash: parts.hash } : undefined;
  } catch {
    return undefined;
  }
}

export function chainHash(previousHash: string, body: string): string {
  return hash("sha256", `${previousHash}\n${body}`, "hex");
}
