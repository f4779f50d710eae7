/** The ways a command asks the dock and prints: each of them minds --json and --quiet, so that commands need not. */
import type { Answers } from "../api/answers.ts";
import type { InputOf, OperationName } from "../api/operations.ts";
import type { CliContext } from "./context.ts";
import { renderJsonDocument, renderJsonLine } from "./output/json.ts";
import { drawProgress } from "./output/progress.ts";

/** Asks without drawing anything. */
export function ask<N extends OperationName>({ dock, signal }: CliContext, name: N, input: InputOf<N>): Promise<Answers[N]> {
  return dock.call(name, input, { signal });
}

/** Asks for something that may take a while, and shows how far it is. */
export async function work<N extends OperationName>(context: CliContext, name: N, input: InputOf<N>): Promise<Answers[N]> {
  const { dock, signal, flags, io, palette } = context;
  if (flags.quiet) return await dock.call(name, input, { signal });
  if (flags.json) {
    return await dock.call(name, input, { signal, onProgress: (progress) => io.stdout.write(renderJsonLine({ progress })) });
  }
  using drawing = drawProgress({ stream: io.stderr, palette, now: io.now });
  return await dock.call(name, input, { signal, onProgress: (progress) => drawing.show(progress) });
}

/** As `work`, for what mostly takes less than a second: its progress is worth a terminal's line, not a log's. */
export async function workBriefly<N extends OperationName>(context: CliContext, name: N, input: InputOf<N>): Promise<Answers[N]> {
  const isLog = context.io.stderr.isTTY !== true && !context.flags.json;
  return await work(isLog ? { ...context, flags: { ...context.flags, quiet: true } } : context, name, input);
}

/** Prints the answer of a command whose --json is one document. */
export function printDocument<Answer>({ flags, io }: CliContext, answer: Answer, render: (answer: Answer) => string): void {
  io.stdout.write(flags.json ? renderJsonDocument(answer) : withLineEnd(render(answer)));
}

/** Prints the answer of a command whose --json is lines: the last of them. */
export function printResult<Answer>({ flags, io }: CliContext, result: Answer, render: (answer: Answer) => string): void {
  io.stdout.write(flags.json ? renderJsonLine({ result }) : withLineEnd(render(result)));
}

function withLineEnd(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
