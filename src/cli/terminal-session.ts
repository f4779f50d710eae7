/** Runs a command in an ISC with input and output joined to this process: keys and size of a terminal, or plain pipes. */
import type { Duplex } from "node:stream";
import { encodeFrame, encodeJsonFrame, type Frame, FrameDecoder, parseJsonFrame } from "../api/terminal-frames.ts";
import type { TerminalRequestInput } from "../api/terminal-request.ts";
import { Problem, parseProblem } from "../base/problem.ts";
import type { CliContext, CliIo } from "./context.ts";
import type { OutputStream } from "./streams.ts";

type SessionRequest = Omit<TerminalRequestInput, "columns" | "rows">;

/** @returns the command's exit code; whatever happens, the terminal is as it was before */
export async function runTerminalSession(context: CliContext, request: SessionRequest): Promise<number> {
  const { io, dock, signal } = context;
  const stream = await dock.terminal({ ...request, ...(request.tty ? sizeOf(io.stdout) : {}) }, signal);
  const abort = () => stream.destroy(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  using _ = request.tty ? joinTerminal(io, stream) : joinPipe(io, stream);
  return await readOutput(stream, io).finally(() => signal.removeEventListener("abort", abort));
}

/** Raw mode sends every key, Ctrl-C too, to the command: the terminal inside the ISC makes signals of them. */
function joinTerminal(io: CliIo, stream: Duplex): Disposable {
  const resize = () => stream.write(encodeJsonFrame("resize", sizeOf(io.stdout)));
  io.stdin.setRawMode?.(true);
  io.stdout.on("resize", resize);
  const input = joinPipe(io, stream);
  return {
    [Symbol.dispose]() {
      input[Symbol.dispose]();
      io.stdout.removeListener("resize", resize);
      io.stdin.setRawMode?.(false);
    },
  };
}

function joinPipe({ stdin }: CliIo, stream: Duplex): Disposable {
  const forward = (chunk: Uint8Array) => {
    // A slow command must slow its feeder down, not fill this process with what waits.
    if (stream.write(encodeFrame("stdin", chunk))) return;
    stdin.pause();
    stream.once("drain", () => stdin.resume());
  };
  const end = () => stream.write(encodeFrame("stdin-end"));
  stdin.on("data", forward).on("end", end);
  return {
    [Symbol.dispose]() {
      stdin.removeListener("data", forward).removeListener("end", end).pause();
      stream.destroy();
    },
  };
}

async function readOutput(stream: Duplex, io: CliIo): Promise<number> {
  const decoder = new FrameDecoder();
  for await (const chunk of stream) {
    for (const frame of decoder.push(chunk)) {
      const exitCode = await takeFrame(frame, io);
      if (exitCode !== undefined) return exitCode;
    }
  }
  throw new Problem("DOCK_UNREACHABLE", "the dock went away while the command ran", {
    hint: "the command may still run: iscadm top shows the ISC's processes",
  });
}

/** @returns the exit code, when it was that which the frame brought */
async function takeFrame(frame: Frame, io: CliIo): Promise<number | undefined> {
  if (frame.kind === "stdout") await write(io.stdout, frame.payload);
  else if (frame.kind === "stderr") await write(io.stderr, frame.payload);
  else if (frame.kind === "problem") throw parseProblem(parseJsonFrame(frame)) ?? notUnderstood(frame);
  else if (frame.kind === "exit") return parseExitCode(frame);
  return undefined;
}

function parseExitCode(frame: Frame): number {
  const value = parseJsonFrame(frame);
  if (typeof value === "object" && value !== null && "exitCode" in value && typeof value.exitCode === "number") return value.exitCode;
  throw notUnderstood(frame);
}

function write(stream: OutputStream, bytes: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (stream.write(bytes, (error) => (error ? reject(error) : resolve()))) resolve();
  return promise;
}

function sizeOf({ columns, rows }: OutputStream): { columns: number; rows: number } {
  return { columns: columns || 80, rows: rows || 24 };
}

function notUnderstood({ kind }: Frame): Problem {
  return new Problem("BUG", `the dock's ${kind} frame is not understood`);
}
