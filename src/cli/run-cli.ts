/** One run of the command line: words in, exit code out. */
import { CommanderError } from "commander";
import { isProblem, Problem } from "../base/problem.ts";
import type { ProblemCode } from "../base/problem-codes.ts";
import type { Command, CommandInput } from "./command.ts";
import { makeClients } from "./connect.ts";
import type { CliIo, GlobalFlags, Installation } from "./context.ts";
import { renderJsonLine } from "./output/json.ts";
import { choosePalette } from "./output/palette.ts";
import { renderProblem } from "./output/problem.ts";
import { buildProgram, usageProblem } from "./program.ts";
import { translateArguments } from "./translate-arguments.ts";

export interface CliRun {
  readonly io: CliIo;
  readonly installation: Installation;
  /** Aborted when the operator wants it to end; the run then ends with `interrupted`. */
  readonly signal: AbortSignal;
}

const exitCodes: Partial<Record<ProblemCode, number>> = { USAGE: 2, DOCK_UNREACHABLE: 4 };
/** What a shell reports of a program that SIGINT has ended. */
export const interrupted = 130;
/** Options before exec's command that take the next word along. */
const valueFlags = new Set(["-u", "--user", "-w", "--workdir", "-e", "--env", "--dock"]);

/** Never throws: what went wrong is printed, and in the exit code (docs/reference/cli.md). */
export async function runCli(words: readonly string[], run: CliRun): Promise<number> {
  const { io, installation, signal } = run;
  let exitCode = 0;
  const program = buildProgram({
    version: installation.version,
    columns: io.stdout.columns ?? 100,
    write: (text) => io.stdout.write(text),
    run: async (command, input, globals) => {
      exitCode = await runCommand(command, input, { ...run, globals });
    },
  });
  const translated = translateArguments(words, installation.defaultBlueprint, valueFlags);
  try {
    await program.parseAsync(translated.length === 0 ? ["--help"] : translated, { from: "user" });
    return exitCode;
  } catch (error) {
    if (signal.aborted) return interrupted;
    const problem = error instanceof CommanderError ? usageProblem(error, translated) : error;
    return problem === undefined ? 0 : await printProblem(problem, words, io);
  }
}

async function runCommand(
  command: Command,
  input: CommandInput,
  { io, installation, signal, globals }: CliRun & { globals: CommandInput },
): Promise<number> {
  const flags: GlobalFlags = {
    json: globals.flag("json"),
    quiet: globals.flag("quiet"),
    dock: globals.text("dock"),
    mayStartDock: !globals.isOff("start"),
  };
  const palette = await choosePalette({ stdout: io.stdout, environment: io.environment, noColour: globals.isOff("color") });
  const clients = await makeClients({ io, flags, installation });
  return (await command.run({ io, flags, palette, installation, signal, ...clients }, input)) ?? 0;
}

/** With --json on standard output, where the document would have been, so that a script reads one stream; else in words. */
async function printProblem(error: unknown, words: readonly string[], io: CliIo): Promise<number> {
  const isJson = words.slice(0, words.includes("--") ? words.indexOf("--") : undefined).includes("--json");
  if (isJson) {
    const problem = isProblem(error) ? error : new Problem("BUG", error instanceof Error ? (error.stack ?? error.message) : String(error));
    io.stdout.write(renderJsonLine({ problem: problem.toJSON() }));
  } else {
    const palette = await choosePalette({ stdout: io.stderr, environment: io.environment, noColour: words.includes("--no-color") });
    io.stderr.write(renderProblem(error, palette));
  }
  return (isProblem(error) ? exitCodes[error.code] : undefined) ?? 1;
}
