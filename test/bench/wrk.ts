/** Load by wrk(1). */
import { run } from "./run-program.ts";
import type { Endpoint } from "./wait-for-answer.ts";

export interface LoadOptions {
  readonly seconds: number;
  /** One connection for each request. */
  readonly newConnections: boolean;
}

/** Where it runs: a command line that runs one there. */
export type Wrap = (program: string, words: readonly string[]) => readonly [program: string, words: readonly string[]];

const here: Wrap = (program, words) => [program, words];

/** @returns requests per second. Throws Error when requests failed: such a figure would say nothing. */
export async function measureLoad(endpoint: Endpoint, options: LoadOptions): Promise<number> {
  return measureLoadFrom(here, endpoint, options);
}

export async function measureLoadFrom(wrap: Wrap, endpoint: Endpoint, options: LoadOptions): Promise<number> {
  return parseWrk(await runWrk(wrap, endpoint, options));
}

export interface Failures {
  readonly requests: number;
  readonly failed: number;
  /** wrk's own, where something failed. */
  readonly words: string;
}

/** How many requests were made, and how many of them failed. */
export async function countFailures(endpoint: Endpoint, options: LoadOptions): Promise<Failures> {
  return parseFailures(await runWrk(here, endpoint, options));
}

async function runWrk(wrap: Wrap, { address, port }: Endpoint, { seconds, newConnections }: LoadOptions): Promise<string> {
  const close = newConnections ? ["--header", "Connection: close"] : [];
  const words = ["--threads", "1", "--connections", "16", "--duration", `${seconds}s`, ...close, `http://${address}:${port}/`];
  return run(...wrap("wrk", words), { timeoutMs: seconds * 1_000 + 60_000 });
}

export function parseFailures(output: string): Failures {
  const requests = Number(/^\s*(\d+) requests in /m.exec(output)?.[1] ?? 0);
  if (requests === 0) throw new Error("wrk made no request");
  const words = output.match(faultLine)?.map((line) => line.trim()) ?? [];
  const failed = words.flatMap((line) => line.replace("2xx or 3xx", "").match(/\d+/g) ?? []).reduce((sum, count) => sum + Number(count), 0);
  return { requests, failed, words: words.join(", ") };
}

const faultLine = /^\s+(?:Socket errors:.*|Non-2xx or 3xx responses:.*)$/gm;

export function parseWrk(output: string): number {
  const rate = Number(/^Requests\/sec:\s+([\d.]+)$/m.exec(output)?.[1]);
  if (!(rate > 0)) throw new Error("wrk made no request");
  const faults = /^\s+(Socket errors:.*|Non-2xx or 3xx responses:.*)$/m.exec(output)?.[1];
  if (faults) throw new Error(`wrk saw ${faults}`);
  return rate;
}
