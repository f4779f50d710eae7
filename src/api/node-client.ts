/** Asks a dock over a byte stream (its unix socket, or ssh's pipes) and answers with what it said, or throws its Problem. */
import type { ClientRequest, IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { Problem, parseProblem } from "../base/problem.ts";
import { reasonOf } from "../base/reason-of.ts";
import type { Progress } from "../model/progress.ts";
import type { Answers } from "./answers.ts";
import { readJsonLines } from "./json-lines.ts";
import type { InputOf, OperationName } from "./operations.ts";
import { renderTerminalPath, terminalProtocol } from "./terminal-path.ts";
import type { TerminalRequestInput } from "./terminal-request.ts";

/** Opens one connection to a dock. Throws DOCK_UNREACHABLE. */
export type Dial = (signal?: AbortSignal) => Promise<Duplex>;

export interface CallOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** One piece of what the operation streams: `OutputChunk` for exec and logs. */
  readonly onData?: ((data: unknown) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class DockClient {
  readonly #dial: Dial;

  constructor(dial: Dial) {
    this.#dial = dial;
  }

  /** Throws the dock's Problem, DOCK_UNREACHABLE when there is none or it went away, or the signal's reason. */
  async call<N extends OperationName>(name: N, input: InputOf<N>, options: CallOptions = {}): Promise<Answers[N]> {
    const body = Buffer.from(JSON.stringify(input));
    const headers = { "content-type": "application/json", "content-length": body.length };
    const socket = await this.#dial(options.signal);
    const response = await exchange(socket, { method: "POST", path: `/v1/${name}`, headers, signal: options.signal }, (request) =>
      request.end(body),
    );
    return (await readAnswer(response, options)) as Answers[N]; // Both ends are made from one source; the dock checks inputs, nobody rechecks answers.
  }

  /** A bare connection, for whoever speaks HTTP through it. */
  dial(signal?: AbortSignal): Promise<Duplex> {
    return this.#dial(signal);
  }

  /** A stream of frames (see terminal-frames.ts) to and from a command that now runs. */
  async terminal(request: TerminalRequestInput, signal?: AbortSignal): Promise<Duplex> {
    const headers = { connection: "Upgrade", upgrade: terminalProtocol };
    const socket = await this.#dial(signal);
    const { promise, resolve } = Promise.withResolvers<Duplex>();
    const refused = exchange(socket, { method: "GET", path: renderTerminalPath(request), headers, signal }, (sent) => {
      sent.on("upgrade", (_, stream, head) => {
        if (head.length > 0) stream.unshift(head);
        resolve(stream);
      });
      sent.end();
    }).then(async (response) => {
      await readAnswer(response, { signal });
      throw new Problem("BUG", "the dock answered a request for a terminal without opening one");
    });
    return await Promise.race([promise, refused]);
  }
}

/** Dials the dock's unix socket. */
export function dialSocket(path: string): Dial {
  return async (signal) => {
    signal?.throwIfAborted();
    const socket = connect(path);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once("connect", resolve).once("error", reject);
    await promise.catch((cause) => Promise.reject(unreachable(path, cause)));
    return socket;
  };
}

/** Whether nothing listens at all: a dock may be started, then. */
export function isDockAbsent(problem: unknown): boolean {
  return problem instanceof Problem && ["ENOENT", "ECONNREFUSED"].includes(codeOf(problem.cause));
}

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string | number>;
  readonly signal: AbortSignal | undefined;
}

/** Sends one request over a fresh connection and waits for the response's head. */
function exchange(socket: Duplex, { signal, ...request }: Exchange, send: (request: ClientRequest) => void): Promise<IncomingMessage> {
  // `import "node:http"` reads every export, and one of them loads the whole of undici: 30 ms of a 100 ms command.
  const http = process.getBuiltinModule("node:http");
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = http.request({ ...request, host: "dock", createConnection: () => socket, ...(signal === undefined ? {} : { signal }) });
  sent.once("response", resolve);
  sent.on("error", (cause) => reject(signal?.aborted ? signal.reason : cause instanceof Problem ? cause : wentAway(cause)));
  send(sent);
  return promise;
}

async function readAnswer(response: IncomingMessage, options: CallOptions): Promise<unknown> {
  try {
    return await readResult(response, options);
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    if (error instanceof SyntaxError) throw notUnderstood(response, error);
    throw codeOf(error) === "" ? error : wentAway(error);
  } finally {
    response.destroy();
  }
}

async function readResult(response: IncomingMessage, { onProgress, onData }: CallOptions): Promise<unknown> {
  for await (const line of readJsonLines(response)) {
    if ("progress" in line) onProgress?.(line.progress as Progress);
    else if ("data" in line) onData?.(line.data);
    else if ("result" in line) return line.result;
    else throw parseProblem(line.problem) ?? notUnderstood(response);
  }
  throw wentAway();
}

function unreachable(path: string, cause: unknown): Problem {
  const code = codeOf(cause);
  if (code === "EACCES" || code === "EPERM") {
    const hint = "run it as root, or as a member of group isc for reading";
    return new Problem("DOCK_UNREACHABLE", `cannot reach the dock: ${path} may not be opened by this user`, { hint, cause });
  }
  const reason = { ENOENT: "there is no socket", ECONNREFUSED: "nothing listens" }[code] ?? reasonOf(cause);
  const hint = "start it as root: iscadm dock start";
  return new Problem("DOCK_UNREACHABLE", `cannot reach the dock: ${reason} at ${path}`, { hint, cause });
}

function wentAway(cause?: unknown): Problem {
  const hint = "iscadm dock status shows whether it runs again; what was asked may have been done";
  return new Problem("DOCK_UNREACHABLE", "the dock went away before it had answered", { hint, cause });
}

function notUnderstood(response: IncomingMessage, cause?: unknown): Problem {
  const message = `the dock's answer is not understood (HTTP ${response.statusCode})`;
  return new Problem("BUG", message, { hint: "client and dock may be of different versions: compare iscadm version", cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && !(error instanceof Problem) ? String(error.code) : "";
}
