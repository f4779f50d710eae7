/** `--tail 100`: how many of the last ones. */
import { Problem } from "../base/problem.ts";

/** @param what is counted, such as "events". Throws Problem USAGE. */
export function parseTail(text: string, what: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Problem("USAGE", `cannot understand --tail ${JSON.stringify(text)}`, { hint: `write a number of ${what}: --tail 100` });
}
