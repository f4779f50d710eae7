/** Runs the command line inside a test: streams that remember, a fixed clock, and no machine around them. */
import { PassThrough } from "node:stream";
import type { CliIo } from "./context.ts";
import { runCli } from "./run-cli.ts";
import type { OutputStream } from "./streams.ts";

export interface FakeRunOptions {
  readonly socket?: string;
  readonly input?: string;
  readonly isTerminal?: boolean;
  readonly columns?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly isRoot?: boolean;
  readonly dockProgram?: string;
  readonly signal?: AbortSignal;
  /** What the person types, once the program listens. */
  readonly rawModes?: boolean[];
}

export interface FakeRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const fakeNowMs = Date.UTC(2026, 2, 1, 12);

export async function runFakeCli(words: readonly string[], options: FakeRunOptions = {}): Promise<FakeRun> {
  const [stdout, stderr] = [new Sink(options), new Sink(options)];
  const given = options.socket === undefined ? words : ["--dock", options.socket, ...words];
  const exitCode = await runCli(given, {
    io: fakeIo(options, stdout, stderr),
    installation: { version: "1.2.3", dockProgram: options.dockProgram ?? "/nowhere", defaultBlueprint: "/default/nginx.yaml" },
    signal: options.signal ?? new AbortController().signal,
  });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

function fakeIo(options: FakeRunOptions, stdout: OutputStream, stderr: OutputStream): CliIo {
  const stdin = Object.assign(new PassThrough(), {
    isTTY: options.isTerminal === true,
    setRawMode: (raw: boolean) => options.rawModes?.push(raw),
  });
  if (options.input !== undefined) stdin.end(options.input);
  return {
    stdin,
    stdout,
    stderr,
    hasPipedInput: () => options.input !== undefined && options.isTerminal !== true,
    environment: options.environment ?? {},
    workingDirectory: options.workingDirectory ?? "/",
    isRoot: options.isRoot === true,
    now: () => fakeNowMs,
  };
}

class Sink extends PassThrough {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows = 24;
  readonly #chunks: Buffer[] = [];

  constructor({ isTerminal, columns }: FakeRunOptions) {
    super();
    this.isTTY = isTerminal === true;
    this.columns = columns ?? 100;
    this.on("data", (chunk) => this.#chunks.push(chunk));
  }

  get text(): string {
    // What was written last may not have been read yet.
    for (let chunk = this.read(); chunk !== null; chunk = this.read());
    return Buffer.concat(this.#chunks).toString();
  }
}
