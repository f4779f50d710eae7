/** A program that did not do what it was run for: says which, how it ended, and its last words. */
import { Problem } from "../base/problem.ts";

export interface CommandEnd {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly timedOutAfterMs?: number | undefined;
  /** The operating system's words where the program could not be started at all. */
  readonly startError?: string | undefined;
  readonly stderr: string;
  readonly stdout: string;
}

const lastLineCount = 12;

export class CommandFailure extends Problem {
  readonly end: CommandEnd;

  constructor(end: CommandEnd, options: { readonly cause?: unknown } = {}) {
    super("COMMAND_FAILED", `${end.program} ${describeEnd(end)}`, { details: lastLines(end), cause: options.cause });
    this.end = end;
  }
}

function describeEnd(end: CommandEnd): string {
  if (end.startError !== undefined) return `could not be started: ${end.startError}`;
  if (end.timedOutAfterMs !== undefined) return `was stopped after ${end.timedOutAfterMs / 1000} s`;
  if (end.signal !== undefined) return `was ended by ${end.signal}`;
  return `exited with ${end.exitCode}`;
}

/** The last lines of what it printed, standard error first where there is any. */
function lastLines(end: CommandEnd): readonly string[] {
  const text = end.stderr.trim() === "" ? end.stdout : end.stderr;
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .slice(-lastLineCount);
}
