/** Load by wrk(1). */
import { run } from "./run-program.ts";
import type { Endpoint } from "./wait-for-answer.ts";

export interface LoadOptions {
  readonly seconds: number;
  /** One connection for each request. */
  readonly newConnections: boolean;
}

/** @returns requests per second. Throws Error when requests failed: such a figure would say nothing. */
export async function measureLoad({ address, port }: Endpoint, { seconds, newConnections }: LoadOptions): Promise<number> {
  const close = newConnections ? ["--header", "Connection: close"] : [];
  const output = await run("wrk", [
    "--threads",
    "1",
    "--connections",
    "16",
    "--duration",
    `${seconds}s`,
    ...close,
    `http://${address}:${port}/`,
  ]);
  return parseWrk(output);
}

export function parseWrk(output: string): number {
  const rate = Number(/^Requests\/sec:\s+([\d.]+)$/m.exec(output)?.[1]);
  if (!(rate > 0)) throw new Error("wrk made no request");
  const faults = /^\s+(Socket errors:.*|Non-2xx or 3xx responses:.*)$/m.exec(output)?.[1];
  if (faults) throw new Error(`wrk saw ${faults}`);
  return rate;
}
