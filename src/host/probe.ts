/** Health checks over the network: one short connection each, with a time limit. Raw sockets, since an HTTP client's agent would cost more than the check. */
import { connect, type Socket } from "node:net";

export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
}

export interface Probe {
  /** Opens a connection and closes it. @returns undefined when that went well, else what went wrong */
  tcp(target: ProbeTarget): Promise<string | undefined>;
  /** Asks for a page. @returns undefined for a status from 200 to 399, else what went wrong */
  http(target: ProbeTarget & { readonly path: string; readonly host: string }): Promise<string | undefined>;
}

/** More than any status line. */
const statusLineLimitBytes = 4_096;

export function createProbe(): Probe {
  return {
    tcp: (target) => ask(target, (_socket, answer) => answer(undefined)),
    http: ({ path, host, ...target }) =>
      ask(target, (socket, answer) => {
        let text = "";
        socket.on("data", (chunk) => {
          text += chunk.toString("latin1");
          if (text.includes("\n") || text.length > statusLineLimitBytes) answer(judgeStatusLine(text));
        });
        socket.on("end", () => answer(judgeStatusLine(text)));
        // The connection is closed here, once the status is known: asked to close it, services in gVisor's older versions lose the answer.
        socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: iscadm\r\nAccept: */*\r\n\r\n`);
      }),
  };
}

type Answer = (fault: string | undefined) => void;

function ask(
  { address, port, timeoutMs }: ProbeTarget,
  whenConnected: (socket: Socket, answer: Answer) => void,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const timer = setTimeout(() => answer(`no answer within ${timeoutMs} ms`), timeoutMs);
    const answer: Answer = (fault) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(fault);
    };
    socket.on("error", (error: NodeJS.ErrnoException) => answer(error.code ?? error.message));
    socket.on("connect", () => whenConnected(socket, answer));
  });
}

function judgeStatusLine(text: string): string | undefined {
  const status = Number(/^HTTP\/\d(?:\.\d)? (\d{3})/.exec(text)?.[1]);
  if (!status) return text === "" ? "closed without an answer" : "an answer that is no HTTP";
  return status >= 200 && status < 400 ? undefined : `HTTP status ${status}`;
}
