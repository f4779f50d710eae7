/** Runs an outside program to its end. In a group of its own, so that Ctrl-C on the terminal reaches the bench alone, which then cleans up. */
import { spawn } from "node:child_process";

export interface RunOptions {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Default 120,000. */
  readonly timeoutMs?: number;
  /** Any exit code is an answer. */
  readonly anyExitCode?: boolean;
  /** A folder to run in. */
  readonly directory?: string;
}

/** @returns standard output. Throws Error with the program's last words. */
export function run(program: string, words: readonly string[], options: RunOptions = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(program, words, {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    timeout: options.timeoutMs ?? 120_000,
    killSignal: "SIGKILL",
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
    env: { PATH: process.env.PATH, LC_ALL: "C", HOME: "/root", ...options.environment },
  });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => {
      output[stream] += chunk.toString("utf8");
    });
  }
  child.once("error", (cause) => reject(new Error(`cannot run ${program}: ${cause.message}`, { cause })));
  // Not "close": what a program leaves running may hold its output open.
  child.once("exit", (code, signal) => {
    setImmediate(() => {
      if (code === 0 || options.anyExitCode) return resolve(output.stdout);
      reject(new Error(`cannot run ${program} ${words.slice(0, 3).join(" ")} …: ${signal ?? `exit code ${code}`}: ${complaint(output)}`));
    });
  });
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  return promise;
}

function complaint({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string {
  const lines = (stderr.trim() || stdout.trim()).split("\n");
  return lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? "";
}
