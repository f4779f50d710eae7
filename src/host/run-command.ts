/** Runs one program to its end: fixed environment, no shell, own time limit and output cap. */
import { execa } from "execa";
import { CommandFailure } from "./command-failure.ts";
import type { Command, CommandResult } from "./host.ts";

export const commandPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const defaultTimeoutMs = 30_000;
const defaultOutputLimitBytes = 16 * 1024 * 1024;
/** Time between TERM and KILL. */
const killDelayMs = 2_000;

/** @throws CommandFailure */
export async function runCommand(command: Command): Promise<CommandResult> {
  const timeoutMs = command.timeoutMs ?? defaultTimeoutMs;
  const child = execa(command.program, command.arguments, {
    env: { PATH: commandPath, LC_ALL: "C", ...command.environment },
    extendEnv: false,
    ...(command.workingDirectory === undefined ? {} : { cwd: command.workingDirectory }),
    ...(command.input === undefined ? { stdin: "ignore" as const } : { input: command.input }),
    ...(command.signal === undefined ? {} : { cancelSignal: command.signal }),
    timeout: timeoutMs,
    forceKillAfterDelay: killDelayMs,
    maxBuffer: command.outputLimitBytes ?? defaultOutputLimitBytes,
    stripFinalNewline: false,
    reject: false,
  });
  if (command.onLine) {
    forwardLines(child.iterable({ from: "stdout" }), (line) => command.onLine?.(line, "stdout"));
    forwardLines(child.iterable({ from: "stderr" }), (line) => command.onLine?.(line, "stderr"));
  }
  const result = await child;
  const stdout = String(result.stdout ?? "");
  const stderr = String(result.stderr ?? "");
  const allowed = command.allowExitCodes ?? [0];
  if (result.exitCode !== undefined && allowed.includes(result.exitCode) && !result.timedOut && !result.isCanceled) {
    return { stdout, stderr, exitCode: result.exitCode };
  }
  throw new CommandFailure(
    {
      program: command.program,
      arguments: command.arguments,
      exitCode: result.exitCode,
      signal: result.signal,
      timedOutAfterMs: result.timedOut ? timeoutMs : undefined,
      startError:
        result.exitCode === undefined && result.signal === undefined ? (result.originalMessage ?? result.shortMessage) : undefined,
      stderr,
      stdout,
    },
    { cause: result },
  );
}

/** A stream that breaks off is told by the command's own end, not here. */
function forwardLines(lines: AsyncIterable<unknown>, take: (line: string) => void): void {
  void (async () => {
    for await (const line of lines) take(String(line));
  })().catch(() => undefined);
}
