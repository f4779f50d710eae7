/** Asks the person at the terminal before something is lost for good. */
import type { CliContext } from "./context.ts";

/** True without asking when nobody is there: no terminal on standard input, or output made for machines. */
export async function confirm({ io, flags, signal }: CliContext, question: string): Promise<boolean> {
  if (flags.json || io.stdin.isTTY !== true || io.stderr.isTTY !== true) return true;
  const { createInterface } = await import("node:readline/promises");
  using lines = createInterface({ input: io.stdin, output: io.stderr });
  const answer = await lines.question(`${question} [y/N] `, { signal });
  return /^y(?:es)?$/i.test(answer.trim());
}
