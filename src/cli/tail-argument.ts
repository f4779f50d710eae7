/** `--tail 100`: how many of the last ones. */
import { Problem } from "../base/problem.ts";

/**
 * @param what is counted, such as "events"
 * @param mostDigits that the number may have. Throws Problem USAGE.
 */
export function parseTail(text: string, what: string, mostDigits: number): number {
  if (/^\d+$/.test(text) && text.length <= mostDigits) return Number(text);
  throw new Problem("USAGE", `cannot understand --tail ${JSON.stringify(text)}`, { hint: `write a number of ${what}: --tail 100` });
}
