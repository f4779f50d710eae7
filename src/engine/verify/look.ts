/** Looking that cannot fail: what could not be looked at says why. */
import { reasonOf } from "../../base/reason-of.ts";
import type { Seen } from "../../plan/checks/facts.ts";

export function look<T>(ask: () => T): Seen<T> {
  try {
    return { seen: ask() };
  } catch (error) {
    return { unseen: reasonOf(error) };
  }
}

export async function lookLong<T>(ask: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { seen: await ask() };
  } catch (error) {
    return { unseen: reasonOf(error) };
  }
}

/** For what may not be there, or may not be readable, where both mean the same. */
export function orUndefined<T>(ask: () => T): T | undefined {
  const answer = look(ask);
  return "seen" in answer ? answer.seen : undefined;
}
