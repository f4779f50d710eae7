/** HTTP on the unix socket: finds the operation, checks who asks and what, and sends the answer as JSON or as JSON lines. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Logger } from "pino";
import { z } from "zod";
import { type OperationName, operations } from "../api/operations.ts";
import { Problem } from "../base/problem.ts";
import { reasonOf } from "../base/reason-of.ts";
import { type PeerCredentials, readPeerCredentials } from "../host/kernel/peer-credentials.ts";
import type { EventSink } from "../model/event.ts";
import type { Progress } from "../model/progress.ts";
import { type Asked, readAsker, renderCommandEvent } from "./command-events.ts";

/** What a handler may tell before its answer, and how it learns that nobody listens any more. */
export interface Caller {
  readonly credentials: PeerCredentials;
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
  data(data: unknown): void;
}

export type Handlers = {
  readonly [N in OperationName]: (input: z.output<(typeof operations)[N]["input"]>, caller: Caller) => Promise<unknown>;
};

type AnyHandler = (input: unknown, caller: Caller) => Promise<unknown>;

const bodyLimitBytes = 1024 * 1024;
const pathPrefix = "/v1/";

/** What the server tells of: its log, and the events of the ledger. */
export interface ServerVoices {
  readonly log: Logger;
  readonly events: EventSink;
}

export function createDockServer(handlers: Handlers, voices: ServerVoices): Server {
  return createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void answer(handlers, voices, request, response);
  });
}

async function answer(
  handlers: Handlers,
  { log, events }: ServerVoices,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const aborted = new AbortController();
  response.once("close", () => aborted.abort());
  const started = performance.now();
  const operation = operationOf(request);
  const credentials = readPeerCredentials(request.socket);
  // What is still to come of a request that was answered early is not waited for.
  response.once("finish", () => {
    if (!request.complete) request.destroy();
  });
  let asked: Asked | undefined;
  const reply = new Reply(response, operation !== undefined && operations[operation].answer === "lines");
  try {
    if (operation === undefined) throw new Problem("USAGE", `the dock has no operation ${request.method} ${request.url}`);
    if (operations[operation].access === "change") asked = { operation, input: {}, asker: readAsker(credentials) };
    assertAllowed(operation, credentials);
    const input = parseInput(operation, await readBody(request));
    if (asked !== undefined) asked = { ...asked, input: publicInput(input) };
    const caller: Caller = {
      credentials,
      signal: aborted.signal,
      progress: (progress) => reply.line({ progress }),
      data: (data) => reply.line({ data }),
    };
    // The table's type ties each handler to its operation's input; the union of both is lost on the compiler.
    const handler = handlers[operation] as AnyHandler;
    reply.end({ result: (await handler(input, caller)) ?? {} }, 200);
    if (asked === undefined) return;
    events.emit(renderCommandEvent(asked));
    log.info({ operation, input: asked.input, uid: credentials.uid, tookMs: since(started) }, "done");
  } catch (error) {
    const problem = asProblem(error);
    if (asked !== undefined) events.emit(renderCommandEvent(asked, problem));
    log.warn(
      { operation, uid: credentials.uid, code: problem.code, error: problem.message, details: problem.details, tookMs: since(started) },
      "refused",
    );
    if (problem.code === "BUG") log.error({ err: error }, "bug");
    reply.end({ problem: problem.toJSON() }, statusOf(problem));
  }
}

function operationOf(request: IncomingMessage): OperationName | undefined {
  const url = request.url ?? "";
  if (request.method !== "POST" || !url.startsWith(pathPrefix)) return undefined;
  const name = url.slice(pathPrefix.length);
  return Object.hasOwn(operations, name) ? (name as OperationName) : undefined;
}

/** The socket lets in root and group isc; only root may change anything. */
function assertAllowed(operation: OperationName, credentials: PeerCredentials): void {
  if (operations[operation].access === "read" || credentials.uid === 0) return;
  throw new Problem("NOT_ALLOWED", `user ${credentials.uid} may look but not change: ${operation} needs root`, { hint: "use sudo" });
}

function parseInput(operation: OperationName, text: string): unknown {
  const parsed = operations[operation].input.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Problem("USAGE", `${operation}: ${issue?.path.join(".") || "request"}: ${issue?.message ?? z.prettifyError(parsed.error)}`);
}

/** No text is an empty object; what is no JSON is undefined, which no operation accepts. */
function parseJson(text: string): unknown {
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > bodyLimitBytes) throw new Problem("USAGE", `the request is larger than ${bodyLimitBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What a command reads on standard input may be secret, and its environment too: neither is logged. Of secrets the names alone are. */
export function publicInput(input: unknown): unknown {
  if (typeof input !== "object" || input === null) return input;
  const { input: _input, environment: _environment, secrets, ...rest } = input as Record<string, unknown>;
  return typeof secrets === "object" && secrets !== null ? { ...rest, secrets: Object.keys(secrets) } : rest;
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new Problem("DISK_FULL", `there is no space left: ${reasonOf(error)}`, {
      hint: "free some space and try again",
      cause: error,
    });
  }
  return new Problem("BUG", reasonOf(error), { cause: error });
}

const statuses: Readonly<Partial<Record<Problem["code"], number>>> = {
  USAGE: 400,
  NOT_ALLOWED: 403,
  ISC_UNKNOWN: 404,
  IMAGE_UNKNOWN: 404,
  NAME_TAKEN: 409,
  PORT_TAKEN: 409,
  BUG: 500,
  DISK_FULL: 507,
};

function statusOf(problem: Problem): number {
  return statuses[problem.code] ?? 422;
}

function since(started: number): number {
  return Math.round((performance.now() - started) * 10) / 10;
}

/** One answer: headers go out with the first line, so that a refusal before any line still has its status code. */
class Reply {
  readonly #response: ServerResponse;
  readonly #lines: boolean;

  constructor(response: ServerResponse, lines: boolean) {
    this.#response = response;
    this.#lines = lines;
  }

  line(value: unknown): void {
    if (this.#response.destroyed) return;
    this.#head(200);
    this.#response.write(`${JSON.stringify(value)}\n`);
  }

  end(value: unknown, status: number): void {
    if (this.#response.destroyed) return;
    this.#head(status);
    this.#response.end(`${JSON.stringify(value)}\n`);
  }

  #head(status: number): void {
    if (this.#response.headersSent) return;
    this.#response.writeHead(status, { "content-type": this.#lines ? "application/x-ndjson" : "application/json" });
  }
}
