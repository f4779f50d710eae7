/** Starts a program that goes on by itself, with its standard streams as the caller wants them. */
import { type ChildProcess, spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { CommandFailure } from "./command-failure.ts";
import type { LongCommand, RunningCommand } from "./host.ts";
import { commandPath } from "./run-command.ts";

/** @throws CommandFailure when the program cannot be started */
export function startCommand(command: LongCommand): RunningCommand {
  const child = spawn(command.program, [...command.arguments], {
    env: { PATH: commandPath, LC_ALL: "C", ...command.environment },
    stdio: [...(command.stdio ?? ["ignore", "ignore", "ignore"])],
    detached: command.detached ?? false,
    ...(command.workingDirectory === undefined ? {} : { cwd: command.workingDirectory }),
  });
  if (child.pid === undefined) {
    child.once("error", () => undefined);
    const end = {
      program: command.program,
      arguments: command.arguments,
      startError: "no such program, or no right to run it",
      stdout: "",
      stderr: "",
    };
    throw new CommandFailure(end);
  }
  return {
    pid: child.pid,
    stdin: child.stdin ?? undefined,
    stdout: child.stdout ?? undefined,
    stderr: child.stderr ?? undefined,
    pipe: (index) => duplexPipe(child, index),
    exited: exitOf(child),
    kill: (signal) => void child.kill(signal),
  };
}

function duplexPipe(child: ChildProcess, index: number): ReturnType<RunningCommand["pipe"]> {
  const stream = child.stdio[index];
  return stream instanceof Duplex ? stream : undefined;
}

function exitOf(child: ChildProcess): RunningCommand["exited"] {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ exitCode: code ?? undefined, signal: signal ?? undefined }));
    child.once("error", () => resolve({ exitCode: undefined, signal: undefined }));
  });
}
