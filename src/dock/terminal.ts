/** Commands with live input: `GET /v1/terminal`, upgraded to frames. With a terminal, the dock holds a pseudo-terminal between the client and the runtime. */
import { closeSync, openSync } from "node:fs";
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ReadStream } from "node:tty";
import { encodeFrame, encodeJsonFrame, type Frame, FrameDecoder, parseJsonFrame } from "../api/terminal-frames.ts";
import { parseTerminalPath, terminalProtocol } from "../api/terminal-path.ts";
import { TerminalRequest } from "../api/terminal-request.ts";
import { Problem } from "../base/problem.ts";
import { type ExecSession, startExec } from "../engine/exec.ts";
import { readPeerCredentials } from "../host/kernel/peer-credentials.ts";
import { type Asked, type Asker, readAsker, renderCommandEvent } from "./command-events.ts";
import type { Dock } from "./dock.ts";
import { asProblem, publicInput } from "./server.ts";

const defaultSize = { columns: 80, rows: 24 };

export function serveTerminals(server: Server, dock: Dock): void {
  server.on("upgrade", (request, stream: Duplex) => {
    stream.on("error", () => stream.destroy());
    serve(dock, request, stream).catch((error: unknown) => {
      const problem = asProblem(error);
      dock.log.warn({ operation: "terminal", code: problem.code, error: problem.message }, "refused");
      stream.end(
        `HTTP/1.1 422 Unprocessable\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${JSON.stringify({ problem: problem.toJSON() })}\n`,
      );
    });
  });
}

async function serve(dock: Dock, request: IncomingMessage, stream: Duplex): Promise<void> {
  const asker = readAsker(readPeerCredentials(stream as Socket));
  const parsed = TerminalRequest.safeParse(parseTerminalPath(request.url ?? ""));
  const asked: Asked = { operation: "exec", input: parsed.success ? publicInput(parsed.data) : {}, asker };
  let opened: OpenSession;
  try {
    if (asker.uid !== 0) throw new Problem("NOT_ALLOWED", "exec needs root", { hint: "use sudo" });
    if (!parsed.success || request.headers.upgrade !== terminalProtocol) throw new Problem("USAGE", "this is no request for a terminal");
    opened = await open(dock, parsed.data, asker);
  } catch (error) {
    dock.ledger.emit(renderCommandEvent(asked, asProblem(error)));
    throw error;
  }
  dock.ledger.emit(renderCommandEvent(asked));
  await carry(opened, stream);
}

interface Channel {
  readonly slaveFd: number;
  readonly master: ReadStream;
  readonly resize: (columns: number, rows: number, session: ExecSession) => void;
  readonly close: () => void;
}

interface OpenSession {
  readonly session: ExecSession;
  readonly channel: Channel | undefined;
}

async function open(dock: Dock, wanted: TerminalRequest, asker: Asker): Promise<OpenSession> {
  const channel = wanted.tty
    ? openTerminal(dock, { columns: wanted.columns ?? defaultSize.columns, rows: wanted.rows ?? defaultSize.rows })
    : undefined;
  const session = await startExec(dock.engine, {
    ...wanted,
    terminal: wanted.tty,
    purpose: { session: wanted.tty ? "console" : "exec", asker },
    stdio: channel ? [channel.slaveFd, channel.slaveFd, channel.slaveFd] : ["pipe", "pipe", "pipe"],
  }).catch((error: unknown) => {
    channel?.close();
    throw error;
  });
  return { session, channel };
}

async function carry({ session, channel }: OpenSession, stream: Duplex): Promise<void> {
  stream.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${terminalProtocol}\r\n\r\n`);
  if (channel) closeSync(channel.slaveFd);
  const outputs = channel
    ? [pump(channel.master, "stdout", stream)]
    : [pump(session.running.stdout, "stdout", stream), pump(session.running.stderr, "stderr", stream)];
  const input = channel?.master ?? session.running.stdin;
  input?.on("error", () => undefined);
  receive(stream, { input, resize: channel?.resize, session });
  const exitCode = await session.finish();
  await Promise.all(outputs);
  channel?.close();
  stream.end(encodeJsonFrame("exit", { exitCode }));
}

interface Receiver {
  readonly input: NodeJS.WritableStream | undefined;
  readonly resize: ((columns: number, rows: number, session: ExecSession) => void) | undefined;
  readonly session: ExecSession;
}

function receive(stream: Duplex, { input, resize, session }: Receiver): void {
  const decoder = new FrameDecoder();
  const take = (frame: Frame) => {
    if (frame.kind === "stdin") input?.write(frame.payload);
    if (frame.kind === "stdin-end" && resize === undefined) input?.end();
    if (frame.kind === "resize") applySize(parseJsonFrame(frame), (columns, rows) => resize?.(columns, rows, session));
  };
  stream.on("data", (chunk) => {
    try {
      decoder.push(chunk).forEach(take);
    } catch {
      stream.destroy();
    }
  });
  stream.once("close", () => session.stop());
}

function applySize(value: unknown, apply: (columns: number, rows: number) => void): void {
  if (typeof value !== "object" || value === null) return;
  const { columns, rows }: { readonly columns?: unknown; readonly rows?: unknown } = value;
  if (typeof columns === "number" && typeof rows === "number" && columns > 0 && rows > 0) apply(columns, rows);
}

/** A pseudo-terminal answers EIO to its reader when the last process on the other side is gone; that is its end. */
function pump(source: NodeJS.ReadableStream | undefined, kind: "stdout" | "stderr", stream: Duplex): Promise<void> {
  if (!source) return Promise.resolve();
  return new Promise((resolve) => {
    source.on("data", (chunk) => void stream.write(encodeFrame(kind, Buffer.from(chunk))));
    source.on("end", resolve);
    source.on("close", () => resolve());
    source.on("error", () => resolve());
  });
}

/** The stream over the master end waits by epoll: a blocking read would take one of Node's few worker threads for the whole session. */
function openTerminal(dock: Dock, size: { readonly columns: number; readonly rows: number }): Channel {
  const { pty } = dock.engine.host.kernel;
  const { masterFd, slavePath } = pty.openPty(size);
  const master = new ReadStream(masterFd);
  return {
    slaveFd: openSync(slavePath, "r+"),
    master,
    resize: (columns: number, rows: number, session: ExecSession) => {
      pty.resizePty(masterFd, columns, rows);
      session.running.kill("SIGWINCH");
    },
    close: () => void master.destroy(),
  };
}
