/** A dock that answers from a script: a real HTTP server on a real unix socket, for tests of what talks to docks. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Problem } from "../base/problem.ts";
import type { Progress } from "../model/progress.ts";

export interface Reply {
  readonly progress?: readonly Progress[];
  readonly data?: readonly unknown[];
  readonly result?: unknown;
  readonly problem?: Problem;
  /** Sent as it is, instead of all the others. */
  readonly raw?: string;
  /** Breaks the connection off after what was sent. */
  readonly hangUp?: boolean;
  /** Keeps the connection open after what was sent. */
  readonly stay?: boolean;
}

export type Script = Readonly<Record<string, Reply | ((input: never) => Reply)>>;

export interface FakeDock extends AsyncDisposable {
  readonly socket: string;
  /** Everything asked, in order: [operation, input]. */
  readonly asked: readonly (readonly [string, unknown])[];
  /** Connections that a client closed before the answer's end. */
  readonly abandoned: () => number;
}

export type TerminalHandler = (path: string, stream: Duplex) => void;

export async function startFakeDock(script: Script, terminal?: TerminalHandler): Promise<FakeDock> {
  const directory = await mkdtemp(join(tmpdir(), "fake-dock-"));
  const socket = join(directory, "dock.sock");
  const asked: (readonly [string, unknown])[] = [];
  let abandoned = 0;
  const server = createServer((request, response) => {
    response.on("close", () => {
      if (!response.writableFinished) abandoned += 1;
    });
    readInput(request).then((input) => {
      const name = request.url?.replace("/v1/", "") ?? "";
      asked.push([name, input]);
      const reply = script[name] ?? { raw: `no script for ${name}` };
      // The script's author knows the input's shape.
      send(response, typeof reply === "function" ? reply(input as never) : reply);
    }, response.destroy);
  });
  if (terminal !== undefined) server.on("upgrade", (request, stream) => terminal(request.url ?? "", stream));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    asked,
    abandoned: () => abandoned,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true });
    },
  };
}

/** Answers an upgrade with 101, as the dock does. */
export function acceptTerminal(stream: Duplex): void {
  stream.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: isc-terminal\r\n\r\n");
}

async function readInput(request: IncomingMessage): Promise<unknown> {
  const text = Buffer.concat(await Array.fromAsync(request)).toString();
  return text === "" ? undefined : JSON.parse(text);
}

function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.problem === undefined ? 200 : 400, { "content-type": "application/x-ndjson" });
  if (reply.raw !== undefined) {
    response.end(reply.raw);
    return;
  }
  const lines: unknown[] = [
    ...(reply.progress ?? []).map((progress) => ({ progress })),
    ...(reply.data ?? []).map((data) => ({ data })),
    ...(reply.result === undefined ? [] : [{ result: reply.result }]),
    ...(reply.problem === undefined ? [] : [{ problem: reply.problem }]),
  ];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  if (reply.stay) response.write(text);
  else if (reply.hangUp) response.write(text, () => setTimeout(() => response.destroy(), 10));
  else response.end(text);
}
