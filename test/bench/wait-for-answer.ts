/** Waits until a web server answers, to the millisecond. A closed firewall answers nothing at all, so no attempt is waited for. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const attemptEveryMs = 2;
const attemptTimeoutMs = 100;
const patienceMs = 30_000;

/** Resolves at the first answer with this status. Throws Error after 30 s. */
export async function waitForAnswer(endpoint: Endpoint, path = "/", status = 200): Promise<void> {
  const found = new AbortController();
  const deadline = performance.now() + patienceMs;
  while (!found.signal.aborted) {
    if (performance.now() > deadline) throw new Error(`no answer ${status} from ${endpoint.address}:${endpoint.port}${path} within 30 s`);
    void askStatus(endpoint, path).then((answer) => {
      if (answer === status) found.abort();
    });
    // Ends at once when an attempt has succeeded.
    await sleep(attemptEveryMs, undefined, { signal: found.signal }).catch(() => {});
  }
}

/** One GET over a fresh connection; undefined when there is no answer in time. */
export function askStatus({ address, port }: Endpoint, path: string): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const socket = connect({ host: address, port, timeout: attemptTimeoutMs });
  socket.once("connect", () => socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n`));
  socket.once("data", (chunk: Buffer) => {
    resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(chunk.toString("latin1"))?.[1]));
    socket.destroy();
  });
  socket.once("timeout", () => socket.destroy());
  socket.once("error", () => {});
  socket.once("close", () => resolve(undefined));
  return promise;
}
