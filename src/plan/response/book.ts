/** What is known of the responses to one ISC: which were begun when, and what counts towards the next. Made of events alone. Pure. */
import type { Event } from "../../model/event.ts";
import { type BudgetedAction, budgetedActions } from "../../model/respond.ts";

export interface ResponseBook {
  readonly begun: readonly { readonly action: BudgetedAction; readonly atMs: number }[];
  /** Of an action that was begun and has not ended: its event. */
  readonly unfinished?: Event;
  readonly endedAtMs?: number;
  /** When each rule's events happened, by the rule's place. */
  readonly hits: ReadonlyMap<number, readonly number[]>;
}

export const emptyBook: ResponseBook = { begun: [], hits: new Map() };
/** Longer than any budget's time. */
const longestMemoryMs = 31 * 86_400_000;

/** @param event one of the ledger's own on what was done: response.begin, response.done, response.failed, response.observed */
export function recordResponse(book: ResponseBook, event: Event): ResponseBook {
  const atMs = Date.parse(event.time);
  switch (event.kind) {
    case "response.begin": {
      const action = budgetedActions.find((one) => one === event.facts.action);
      return action === undefined ? book : { ...book, begun: [...forget(book.begun, atMs), { action, atMs }], unfinished: event };
    }
    case "response.done":
    case "response.failed": {
      const { unfinished: _ended, ...rest } = book;
      // What happened before the end of an action, the action has dealt with.
      return { ...rest, endedAtMs: atMs, hits: new Map() };
    }
    case "response.observed": {
      // Said as it would have been done: by the same budgets.
      const action = budgetedActions.find((one) => one === event.facts.action);
      return action === undefined
        ? book
        : { ...book, begun: [...forget(book.begun, atMs), { action, atMs }], endedAtMs: atMs, hits: new Map() };
    }
    default:
      return book;
  }
}

export function recordHit(book: ResponseBook, rule: number, atMs: number, perMs: number): ResponseBook {
  const recent = (book.hits.get(rule) ?? []).filter((time) => time > atMs - perMs);
  return { ...book, hits: new Map([...book.hits, [rule, [...recent.slice(-mostHits), atMs]]]) };
}

/** No rule asks for more. */
const mostHits = 10_000;

function forget(begun: ResponseBook["begun"], nowMs: number): ResponseBook["begun"] {
  return begun.filter(({ atMs }) => atMs > nowMs - longestMemoryMs);
}
